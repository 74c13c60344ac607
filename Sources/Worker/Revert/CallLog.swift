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

    /// Makes a call, and keeps it with its time and EC2's ids of its requests.
    mutating func record<Answer>(
        _ action: String,
        ids: (Answer) -> [String],
        _ call: () async throws -> Answer
    ) async throws -> Answer {
        let start = clock.now()
        let begun = clock.instant()
        func entry(_ requestIDs: [String], _ error: (any Error)?) -> APICall {
            APICall(
                action: action,
                startedAt: start,
                milliseconds: Int64(((clock.instant() - begun).seconds * 1000).rounded()),
                requestIDs: requestIDs.uniqued(),
                error: error.map { "\($0)" }
            )
        }
        do {
            let answer = try await call()
            calls.append(entry(ids(answer), nil))
            return answer
        } catch {
            let requestID = (error as? AWSServiceError)?.requestID
            calls.append(entry(requestID.map { [$0] } ?? [], error))
            throw error
        }
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
