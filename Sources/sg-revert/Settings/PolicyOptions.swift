import ArgumentParser
import PolicyFile
import SecurityGroups

/// Which policy: a file, or the simplest one, that of some groups.
struct PolicyOptions: ParsableArguments {
    @Option(help: ArgumentHelp("A policy file.", valueName: "file"))
    var policy: String?

    @Option(
        name: .customLong("group"),
        help: ArgumentHelp("Watch this group; revert every rule that is added to its ingress or modified. (repeatable)", valueName: "id")
    )
    var groups: [String] = []

    /// Where the policy is.
    ///
    /// - Throws: where none is set, or both kinds are: which of them was meant is not ours to guess.
    func source(_ settings: Settings) throws(SettingsError) -> PolicySource {
        let file = settings.origin(policy.map { [$0] } ?? [], "policy")
        let groups = settings.origin(self.groups, "group", variable: Self.groupsVariable)
        if let file, let groups { throw .twoPolicies(file: file, groups: groups) }
        if let path = try settings.text(policy, "policy") { return .file(path) }
        let ids = try settings.list(
            self.groups,
            "group",
            variable: Self.groupsVariable,
            expected: "a security group id, such as sg-0a1b2c3d4e5f60718",
            read: { SecurityGroupID($0) }
        )
        guard !ids.isEmpty else {
            throw .missing(
                what: "policy",
                flag: "--policy or SG_REVERT_POLICY, or set --group",
                variable: Self.groupsVariable
            )
        }
        return .groups(ids)
    }

    private static let groupsVariable = "SG_REVERT_GROUPS"
}

/// Where a policy comes from, to be read now and again.
enum PolicySource: Hashable, Sendable {
    /// A YAML file.
    case file(String)
    /// The groups of the simplest policy.
    case groups([SecurityGroupID])

    /// The file, where it is one.
    var path: String? {
        if case .file(let path) = self { path } else { nil }
    }

    /// Reads it.
    func load() throws(PolicyFailure) -> Policy {
        switch self {
        case .groups(let ids): return .watching(ids)
        case .file(let path):
            do throws(InvalidPolicy) {
                return try PolicyDocument(path: path).policy
            } catch {
                throw PolicyFailure(problems: error.problems)
            }
        }
    }
}

/// A policy file that cannot be used; one line for each error.
struct PolicyFailure: CommandFailure {
    let problems: [PolicyProblem]
    var exitCode: Int32 { 78 }

    var description: String {
        problems.map(\.description).joined(separator: "\nsg-revert: ")
    }
}
