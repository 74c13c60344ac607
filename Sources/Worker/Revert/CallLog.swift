import AWSClient
import Foundation
import Ledger
import SecurityGroups

/// The calls to AWS of one run. The ledger keeps them, and `audit show` prints them.
struct CallLog {
    let clock: WorkerClock
    private(set) var calls: [APICall] = []

    init(clock: WorkerClock) {
        self.clock = clock
    }

    /// A call that was started.
    struct Begun {
        let action: String
        let start: Date
        let instant: ContinuousClock.Instant
    }

    /// Notes that a call starts.
    func begin(_ action: String) -> Begun {
        Begun(action: action, start: clock.now(), instant: clock.instant())
    }

    /// Notes that a call ended, with EC2's ids of its requests or with an error.
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
    /// EC2's id of the call; nil if it is not known.
    var requestID: String? {
        switch self {
        case .revoked(let requestID), .stands(let requestID): requestID
        case .notFound, .outdated: nil
        }
    }
}

extension Direction {
    /// The name of the direction in EC2's actions.
    var actionSuffix: String {
        self == .ingress ? "Ingress" : "Egress"
    }
}
