import Formats
import SecurityGroups

/// The role of this worker, and of every worker of the same deployment.
struct OwnRole: Hashable, Sendable {
    private let partition: String
    private let account: String
    private let name: String

    /// The role behind the session `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`; nil for a user or root, which
    /// people use, too.
    init?(callerARN: String) {
        guard let arn = ARN(callerARN), arn.service == "sts" else { return nil }
        let resource = arn.resource.split(separator: "/", omittingEmptySubsequences: false)
        guard resource.count == 3, resource[0] == "assumed-role", !resource[1].isEmpty else { return nil }
        (partition, account, name) = (arn.partition, arn.account, String(resource[1]))
    }

    /// True if `issuerARN` is this role, `arn:aws:iam::ACCOUNT:role/PATH/ROLE`. The session's ARN has no path, but an
    /// account has no two roles with one name.
    func isIssuer(_ issuerARN: String) -> Bool {
        guard let arn = ARN(issuerARN), arn.partition == partition, arn.service == "iam", arn.account == account else {
            return false
        }
        let resource = arn.resource.split(separator: "/", omittingEmptySubsequences: false)
        return resource.count >= 2 && resource.first == "role" && resource.last.map(String.init) == name
    }
}

extension Policy {
    /// True if reverting by this policy makes calls that are recorded as a change of this kind. Only then may a change
    /// by the worker's role be the worker's own. Otherwise somebody else used the role.
    func makes(_ kind: ChangeKind) -> Bool {
        switch kind {
        case .ingressRemoved, .egressRemoved: true
        case .ruleModified: watch.contains { $0.changes.contains(.ruleModified) }
        case .ingressAdded: watch.contains { $0.changes.contains(.ingressRemoved) }
        case .egressAdded: watch.contains { $0.changes.contains(.egressRemoved) }
        }
    }
}
