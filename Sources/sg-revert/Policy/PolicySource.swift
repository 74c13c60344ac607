import Formats
import Hashing
import PolicyFile
import SecurityGroups

/// The source of a policy, which can be read again.
enum PolicySource: Hashable, Sendable {
    /// A YAML file.
    case file(String)
    /// The groups of `--group`.
    case groups([SecurityGroupID])

    /// The path of the file; nil for groups.
    var path: String? {
        if case .file(let path) = self { path } else { nil }
    }

    /// Reads the policy.
    func load() throws(PolicyFailure) -> Policy {
        switch self {
        case .groups(let ids):
            var policy = Policy.watching(ids)
            let text = ids.map { "--group \($0)" }.joined(separator: " ")
            policy.digest = Digest.hex(Digest.sha256(text.utf8))
            return policy
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
        problems.map { plainText($0.description) }.joined(separator: "\nsg-revert: ")
    }
}
