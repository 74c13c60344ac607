package import AWSClient
import Ledger
package import SecurityGroups

/// A part of the outside that works or is out as a whole: one service, in one account and Region.
package struct Lane: Hashable, Sendable, CustomStringConvertible {
    /// The kind of service.
    package enum Service: String, Hashable, Sendable {
        /// The ledger's file.
        case ledger
        /// Receives from the queue.
        case queue
        /// Deletes from the queue.
        case deletes
        /// EC2.
        case ec2
        /// STS, which hands out credentials of assumed roles and tells the own identity.
        case sts
        /// The table that hosts share.
        case dynamodb
    }

    /// The service.
    package let service: Service
    /// The account whose rules are changed; nil if there is only one, or none.
    package let account: AccountID?
    /// The Region.
    package let region: AWSRegion?

    /// A lane.
    package init(_ service: Service, account: AccountID? = nil, region: AWSRegion? = nil) {
        self.service = service
        self.account = account
        self.region = region
    }

    /// In a few words, such as `EC2 in eu-west-1`. The log and the notice tell the account beside it.
    package var description: String {
        let name =
            switch service {
            case .ledger: "the ledger"
            case .queue: "the queue"
            case .deletes: "deleting from the queue"
            case .ec2: "EC2"
            case .sts: "STS"
            case .dynamodb: "DynamoDB"
            }
        return name + (region.map { " in \($0)" } ?? "")
    }

    /// The description with the account, for where nothing beside it tells the account.
    var wholeName: String { description + (account.map { " of account \($0)" } ?? "") }

    /// The treatment of work while the lane is out.
    var consequence: String {
        if stopsReceiving { return "receiving is paused, what is in hand is kept" }
        guard service == .dynamodb else { return "only its work waits" }
        return
            "each host has its own ledger alone, learns of no exemption or approval made elsewhere, and sweeps no rule"
    }

    /// True for a lane without which nothing may be received.
    var stopsReceiving: Bool {
        service == .ledger || service == .queue
    }
}

extension Lane {
    /// The conclusion from the failure of one call about its lane.
    enum Verdict: Hashable {
        /// Nothing: the failure is specific to this call.
        case own
        /// Every call of the lane meets it.
        case out
        /// Every call of the lane may meet it. A probe must find out.
        case uncertain
        /// The service asks for fewer calls. The lane works.
        case throttled
    }

    /// The conclusion from `error` about this lane.
    func verdict(on error: any Error) -> Verdict {
        switch error {
        case LedgerError.claimLost: return .own
        case LedgerError.damaged: return .uncertain
        // On a full disk small writes may still succeed, so a successful probe proves nothing.
        case is LedgerError: return .out
        case let error as AWSClientError: return error.isConfiguration ? .own : .uncertain
        case let error as AWSServiceError: return verdict(on: error)
        case is PollAbandoned: return .out
        default: return .own
        }
    }

    private func verdict(on error: AWSServiceError) -> Verdict {
        // Nobody waits for the table, so every failure counts.
        if service == .dynamodb { return .out }
        if error.isThrottling { return service == .queue || service == .deletes ? .out : .throttled }
        if error.isTransient { return .uncertain }
        // Without the credentials of its role no call of the lane is possible, whatever STS says against it.
        if error.operation.hasPrefix("AssumeRole") { return service == .queue ? .out : .uncertain }
        switch service {
        case .ledger: return .own
        case .dynamodb: return .out
        case .queue: return error.isRefused || error.isQueueTrouble ? .out : .own
        case .deletes: return error.isRefused || error.isQueueTrouble ? .uncertain : .own
        case .sts: return error.isRefused ? .uncertain : .own
        case .ec2:
            if error.refusesCredentials { return .uncertain }
            // A change may be refused for one group alone (tag conditions, an SCP). A look is refused for all groups.
            return error.isRefused && error.operation.hasPrefix("Describe") ? .uncertain : .own
        }
    }
}

extension AWSServiceError {
    /// True if the service refuses the caller, for this request or for any request.
    fileprivate var isRefused: Bool {
        [401, 403].contains(statusCode) || refusesCredentials
            || ["AccessDenied", "AccessDeniedException", "UnauthorizedOperation"].contains { has(code: $0) }
    }

    /// True if the service refuses the credentials or the account, whatever they ask for.
    var refusesCredentials: Bool {
        statusCode == 401 || Self.credentialCodes.contains { has(code: $0) }
    }

    /// True if nobody can use the queue: the queue or its key is gone.
    fileprivate var isQueueTrouble: Bool {
        code.uppercased().hasPrefix("KMS")
            || ["QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue", "InvalidAddress", "InvalidSecurity"]
                .contains { has(code: $0) }
    }

    private static let credentialCodes: Set = [
        "AuthFailure", "Blocked", "ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "OptInRequired",
        "PendingVerification", "RequestExpired", "SignatureDoesNotMatch", "UnrecognizedClientException",
    ]
}
