import AWSClient
import Formats
import Foundation
import Ledger
import Logging
import Synchronization

/// What the worker cannot do without, and what is out of order now.
///
/// An outage is no failure of a message: whoever meets one keeps what it has in hand and tries again later, all at the same
/// moments, so that their calls gather; and while it lasts next to nothing is received. The first that gets through ends it for
/// all. One that still fails when others got through has a failure of its own.
final class Outages: Sendable {
    /// What can be out of order.
    enum Subject: Hashable, Sendable {
        case ledger
        case queue
        case ec2(AWSRegion)
    }

    private struct Outage {
        let since: Date
        var failures = 0
        var nextProbe: Date
    }

    /// Grows to at most this, so that the end of an outage is not missed for long.
    private let backoff: Backoff
    /// How many probes may fail before whoever waits gives up; nil for a worker that waits for ever.
    private let limit: Int?
    private let clock: WorkerClock
    private let logger: Logger
    private let outages = Mutex<[Subject: Outage]>([:])
    /// How often anybody got through.
    private let successes = Mutex<[Subject: Int]>([:])

    init(limit: Int?, backoff: Backoff, clock: WorkerClock, logger: Logger) {
        self.limit = limit
        self.backoff = backoff
        self.clock = clock
        self.logger = logger
    }

    /// Does `body`, again and again while it fails because `subject` is out of order.
    ///
    /// - Throws: what `body` throws for another reason, or while others get through; `OutageLasted`; `CancellationError`.
    func riding<Result>(_ subject: Subject, _ body: () async throws -> Result) async throws -> Result {
        var successesBefore: Int?
        while true {
            do {
                let result = try await body()
                end(subject)
                return result
            } catch  where Self.isOutage(error) {
                let successes = successes.withLock { $0[subject, default: 0] }
                guard successes == successesBefore ?? successes || !Self.canBeOwn(error) else { throw error }
                successesBefore = successes
                try await sitOut(error, of: subject)
            }
        }
    }

    /// Waits for the next moment to try what failed with `failure`, or until somebody gets through.
    func sitOut(_ failure: any Error, of subject: Subject) async throws {
        let probe = try note(failure, of: subject)
        while outages.withLock({ $0[subject] != nil }), clock.now() < probe {
            try await clock.sleep(.seconds(min(max(probe.timeIntervalSince(clock.now()), 0.01), 1)))
        }
    }

    /// Takes note that `subject` works.
    func end(_ subject: Subject) {
        successes.withLock { $0[subject, default: 0] += 1 }
        guard let outage = outages.withLock({ $0.removeValue(forKey: subject) }) else { return }
        let seconds = Int(clock.now().timeIntervalSince(outage.since))
        logger.notice("\(subject) works again", metadata: ["outage.seconds": "\(seconds)"])
    }

    /// How many messages may be received now.
    ///
    /// In an outage of EC2 a single one at each probe: if it gets through, the others have failures of their own, such as a
    /// permission that lacks for one group, and must not stop the worker.
    func allowance(of count: Int) -> Int {
        let now = clock.now()
        return outages.withLock { outages in
            if outages.isEmpty { return count }
            if outages[.ledger] != nil { return 0 }
            return outages.values.allSatisfy { $0.nextProbe <= now } ? 1 : 0
        }
    }

    /// What is out of order, in a few words; nil when all works.
    var summary: String? {
        outages.withLock { $0.isEmpty ? nil : $0.keys.map { "\($0)" }.sorted().joined(separator: ", ") }
    }

    private func note(_ failure: any Error, of subject: Subject) throws -> Date {
        let now = clock.now()
        let (outage, isNew) = try outages.withLock { outages in
            var outage = outages[subject] ?? Outage(since: now, nextProbe: now)
            let isNew = outages[subject] == nil
            // Those who failed in the same probe wait for the same next one.
            if outage.nextProbe <= now {
                outage.failures += 1
                if let limit, outage.failures > limit { throw OutageLasted(cause: failure) }
                outage.nextProbe = now + max(backoff.pause(after: outage.failures), .milliseconds(200)).seconds
            }
            outages[subject] = outage
            return (outage, isNew)
        }
        logger.log(
            level: isNew ? .error : .debug,
            "\(subject) is out of order: receiving is paused, what is in hand is kept",
            metadata: ["error": "\(plainText("\(failure)"))", "outage.failures": "\(outage.failures)"]
        )
        return outage.nextProbe
    }

    /// Whether others getting through says anything: on a full disk some writes still find room, and the rest must wait.
    private static func canBeOwn(_ error: any Error) -> Bool {
        guard let error = error as? LedgerError else { return true }
        return if case .damaged = error { true } else { false }
    }

    /// Whether something fails for everybody: a service that nobody reaches, credentials, permissions, the ledger's disk.
    static func isOutage(_ error: any Error) -> Bool {
        switch error {
        case LedgerError.claimLost: false
        case is LedgerError: true
        case let error as AWSClientError: !error.isConfiguration
        case let error as AWSServiceError: error.isThrottling || error.isTransient || error.isRefusal
        case is PollAbandoned: true
        default: false
        }
    }
}

extension Outages.Subject: CustomStringConvertible {
    var description: String {
        switch self {
        case .ledger: "the ledger"
        case .queue: "the queue"
        case .ec2(let region): "EC2 in \(region)"
        }
    }
}

/// An outage that lasted for longer than a worker that is to end by itself waits.
struct OutageLasted: Error, CustomStringConvertible {
    let cause: any Error

    var description: String { "\(cause)" }
}

extension AWSServiceError {
    /// Whether the service refuses us, and not this one request: credentials, permissions, keys, or a queue that is gone.
    fileprivate var isRefusal: Bool {
        [401, 403].contains(statusCode) || code.uppercased().hasPrefix("KMS")
            || Self.refusals.contains { has(code: $0) }
    }

    private static let refusals: Set = [
        "AccessDenied", "AccessDeniedException", "AuthFailure", "Blocked", "ExpiredToken", "ExpiredTokenException",
        "InvalidAddress", "InvalidClientTokenId", "InvalidSecurity", "OptInRequired", "PendingVerification",
        "QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue", "RequestExpired", "SignatureDoesNotMatch",
        "UnauthorizedOperation", "UnrecognizedClientException",
    ]
}
