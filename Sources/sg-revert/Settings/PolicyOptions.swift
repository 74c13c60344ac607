import ArgumentParser
import SecurityGroups

/// The options that name the policy: a file, or the groups of the simplest policy.
struct PolicyOptions: ParsableArguments {
    @Option(.policy)
    var policy: String?

    @Option(.group)
    var groups: [String] = []

    /// The source of the policy.
    ///
    /// - Throws: If none is set, or if both kinds are set.
    func source(_ settings: Settings) throws(SettingsError) -> PolicySource {
        try Self.source(policy: policy, groups: groups, settings)
    }

    /// The source of the policy, for a command that has these flags alone.
    static func source(
        policy: String?,
        groups flags: [String],
        _ settings: Settings
    ) throws(SettingsError) -> PolicySource {
        let file = settings.origin(policy.map { [$0] } ?? [], .policy)
        let groups = settings.origin(flags, .group)
        if let file, let groups { throw .twoPolicies(file: file, groups: groups) }
        if let path = try settings.text(policy, .policy) { return .file(path) }
        let ids = try settings.list(
            flags,
            .group,
            expected: "a security group id, such as sg-0a1b2c3d4e5f60718",
            read: { SecurityGroupID($0) }
        )
        guard !ids.isEmpty else {
            throw .missing(
                what: "policy",
                how: "\(Setting.policy.flag) or \(Setting.policy.variable), or set "
                    + "\(Setting.group.flag) or \(Setting.group.variable)"
            )
        }
        return .groups(ids)
    }
}
