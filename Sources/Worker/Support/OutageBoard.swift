import AWSClient
import Formats
import Foundation
import Logging
import SecurityGroups
import Synchronization

/// The lanes that are out now, the start of each outage, and the notices about it.
final class OutageBoard: Sendable {
    private struct Outage {
        let since: ContinuousClock.Instant
        let begunAt: Date
        var failures = 0
        var cause: String
        /// Settled when the lane may be tried again.
        var over = Promise<Void>()
        var loggedAt: ContinuousClock.Instant
        var isNoticed = false

        /// Replaces the promise for which others wait.
        ///
        /// - Returns: The earlier promise, if it is not settled. Who waits for it is to ask again, and finds out whether its message
        ///   is still ours: SQS hides none for more than 12 hours.
        mutating func renewPromise() -> Promise<Void>? {
            guard !over.isSettled else { return nil }
            defer { over = Promise() }
            return over
        }
    }

    /// The effect of a failure that was noted.
    struct Note {
        /// True for the first failure of an outage.
        let isNew: Bool
        /// How many probes have failed in a row.
        let failures: Int
    }

    /// For so long a lane must have worked before its outage counts as over: one that comes and goes is told of once.
    static let proof: Duration = .seconds(5)
    /// From this age on an outage is a notice.
    private static let noticeAge: Duration = .seconds(60)
    /// How often a long outage is logged again.
    private static let logPeriod: Duration = .seconds(600)

    private let clock: WorkerClock
    private let logger: Logger
    private let outages = Mutex<[Lane: Outage]>([:])
    /// The number of outages, so that a call in a worker without any takes no lock.
    private let count = Atomic(0)
    private let (noticeStream, noticeSource) = AsyncStream.makeStream(of: OutageNotice.self)

    init(clock: WorkerClock, logger: Logger) {
        self.clock = clock
        self.logger = logger
    }

    /// The outages of which people are to be told, as they come.
    var notices: AsyncStream<OutageNotice> { noticeStream }

    /// The lanes that are out.
    var lanes: [Lane] {
        outages.withLock { $0.filter { !$0.value.over.isSettled }.keys.sorted { $0.wholeName < $1.wholeName } }
    }

    /// The lanes that are out, in a few words; nil if all work.
    var summary: String? {
        let lanes = lanes
        return lanes.isEmpty ? nil : lanes.map(\.wholeName).joined(separator: ", ")
    }

    /// False while nothing could be recorded. The receivers themselves find out when the queue works again.
    var mayReceive: Bool {
        count.load(ordering: .acquiring) == 0 || !isOut(Lane(.ledger))
    }

    func isOut(_ lane: Lane) -> Bool { over(lane) != nil }

    /// A promise that is fulfilled when the lane may be tried again; nil if it may be tried now.
    func over(_ lane: Lane) -> Promise<Void>? {
        guard count.load(ordering: .acquiring) > 0 else { return nil }
        return outages.withLock { outages in
            guard let over = outages[lane]?.over else { return nil }
            // One that was given up stays so, and whoever waits is told.
            if case .success = over.result { return nil }
            return over
        }
    }

    func failures(of lane: Lane) -> Int? {
        outages.withLock { outages in
            guard let outage = outages[lane] else { return nil }
            if case .failure = outage.over.result { return nil }
            return outage.failures
        }
    }

    /// True when the lane may be tried again, but its outage is not yet over.
    func isOpen(_ lane: Lane) -> Bool {
        outages.withLock { if case .success = $0[lane]?.over.result { true } else { false } }
    }

    /// Records a failure of the lane.
    func note(_ error: any Error, of lane: Lane) -> Note {
        let now = clock.instant()
        let cause = plainText("\(error)")
        let (outage, isNew, isDue, waited) = outages.withLock { outages in
            let isNew = outages[lane] == nil
            var outage = outages[lane] ?? Outage(since: now, begunAt: clock.now(), cause: cause, loggedAt: now)
            outage.failures += 1
            outage.cause = cause
            if case .success = outage.over.result { outage.over = Promise() }
            let isDue = isNew || now - outage.loggedAt >= Self.logPeriod
            if isDue { outage.loggedAt = now }
            let waited = isDue && !isNew ? outage.renewPromise() : nil
            let isNotice = !outage.isNoticed && now - outage.since >= Self.noticeAge
            if isNotice {
                outage.isNoticed = true
                noticeSource.yield(OutageNotice(lane: lane, since: outage.begunAt, cause: cause, isOver: false))
            }
            outages[lane] = outage
            count.store(outages.count, ordering: .releasing)
            return (outage, isNew, isDue, waited)
        }
        waited?.settle()
        var metadata: Logger.Metadata = [
            "error": "\(cause)", "outage.failures": .stringConvertible(outage.failures),
            "outage.seconds": .stringConvertible((now - outage.since).components.seconds),
        ]
        if let account = lane.account { metadata["account"] = "\(account)" }
        logger.log(
            level: isDue ? .error : .debug,
            "\(lane) is out of order: \(lane.consequence)",
            metadata: metadata
        )
        return Note(isNew: isNew, failures: outage.failures)
    }

    /// Lets everybody try the lane again.
    func open(_ lane: Lane) {
        let over = outages.withLock { $0[lane]?.over }
        over?.settle()
    }

    /// Ends an outage that would last for longer than anybody waits.
    func giveUp(_ lane: Lane, _ error: OutageLasted) {
        let over = outages.withLock { $0[lane]?.over }
        over?.settle(.failure(error))
    }

    /// Records that the lane works.
    func end(_ lane: Lane) {
        guard count.load(ordering: .acquiring) > 0 else { return }
        let outage = outages.withLock { outages in
            defer { count.store(outages.count, ordering: .releasing) }
            return outages.removeValue(forKey: lane)
        }
        guard let outage else { return }
        outage.over.settle()
        if outage.isNoticed {
            noticeSource.yield(OutageNotice(lane: lane, since: outage.begunAt, cause: outage.cause, isOver: true))
        }
        let seconds = (clock.instant() - outage.since).components.seconds
        logger.notice("\(lane) works again", metadata: ["outage.seconds": .stringConvertible(seconds)])
    }
}

/// An outage of which people are told: once it has lasted for a minute, and when it is over.
struct OutageNotice: Hashable, Sendable {
    let lane: Lane
    let since: Date
    let cause: String
    let isOver: Bool
}

/// An outage lasted for longer than the work waits: that of a worker with `--until-empty`, or an event of our own.
struct OutageLasted: Error, CustomStringConvertible {
    let cause: any Error

    var description: String { "\(cause)" }
}
