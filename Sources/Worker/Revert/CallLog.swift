import AWSClient
import Foundation
import Ledger
import SecurityGroups

/// The calls to AWS that one run made, for the ledger: what `audit show` tells of each.
struct CallLog {
    let clock: WorkerClock
    private(set) var calls: [APICall] = []

    init(clock: WorkerClock) {
        self.clock = clock
    }

    /// A call that was begun.
    struct Begun {
        let action: String
        let start: Date
        let instant: ContinuousClock.Instant
    }

    /// Takes note that a call begins.
    func begin(_ action: String) -> Begun {
        Begun(action: action, start: clock.now(), instant: clock.instant())
    }

    /// Takes note that a call ended, with EC2's ids of its requests or with an error.
    mutating func end(_ call: Begun, requestIDs: [String] = [], error: (any Error)? = nil) {
        let failed = (error as? AWSServiceError)?.requestID
        calls.append(
            APICall(
                action: call.action,
                startedAt: call.start,
                milliseconds: Int64(((clock.instant() - call.instant).seconds * 1000).rounded()),
                requestIDs: (requestIDs + [failed].compactMap(\.self)).uniqued(),
                error: error.map { "\($0)" }
            )
        )
    }
}

extension Revocation {
    /// EC2's id of the call, where one is known.
    var requestID: String? {
        switch self {
        case .revoked(let requestID), .stands(let requestID): requestID
        case .notFound: nil
        }
    }
}

extension Direction {
    /// How EC2 calls the direction in the names of its calls.
    var actionSuffix: String {
        self == .ingress ? "Ingress" : "Egress"
    }
}
