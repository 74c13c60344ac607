import SecurityGroups

/// The role that this worker, and with it every worker of the same deployment, runs as.
struct OwnRole: Hashable, Sendable {
    private let partition: Substring
    private let account: Substring
    private let name: Substring

    /// The role behind the session that `callerARN` names, `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`; nil for a user
    /// or root, which people use as well.
    init?(callerARN: String) {
        let parts = callerARN.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, parts[2] == "sts" else { return nil }
        let resource = parts[5].split(separator: "/", omittingEmptySubsequences: false)
        guard resource.count == 3, resource[0] == "assumed-role", !resource[1].isEmpty else { return nil }
        (partition, account, name) = (parts[1], parts[4], resource[1])
    }

    /// Whether `issuerARN` is of this role, `arn:aws:iam::ACCOUNT:role/PATH/ROLE`. The session does not tell the path, but an
    /// account has no two roles of one name.
    func isIssuer(_ issuerARN: String) -> Bool {
        let parts = issuerARN.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, parts[1] == partition, parts[2] == "iam", parts[4] == account else { return false }
        let resource = parts[5].split(separator: "/", omittingEmptySubsequences: false)
        return resource.count >= 2 && resource.first == "role" && resource.last == name
    }
}

extension Policy {
    /// Whether reverting by this policy takes calls that are recorded as a change of this kind: only then may such a change by
    /// our own role be ours, and not that of somebody who uses the role for more than the worker.
    func makes(_ kind: ChangeKind) -> Bool {
        switch kind {
        case .ingressRemoved, .egressRemoved: true
        case .ruleModified: watch.contains { $0.changes.contains(.ruleModified) }
        case .ingressAdded: watch.contains { $0.changes.contains(.ingressRemoved) }
        case .egressAdded: watch.contains { $0.changes.contains(.egressRemoved) }
        }
    }
}
