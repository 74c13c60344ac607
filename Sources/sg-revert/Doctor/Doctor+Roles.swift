import AWSClient
import SecurityGroups

extension Doctor {
    /// Checks that the role can be assumed in each account that the policy names.
    func roles(ownAccount: String?) async -> [Finding] {
        let named = Set((setup.policy?.watch ?? []).flatMap { $0.accounts ?? [] })
        let others = named.filter { $0 != ownAccount }.sorted()
        guard !others.isEmpty else { return [] }
        guard let roles = setup.roles else {
            let list = others.joined(separator: ", ")
            return [.warning("role", "the policy names other accounts: \(list)", fix: "set --role-arn")]
        }
        var failures: [String] = []
        for account in others {
            do {
                _ = try await roles.session(account: account).credentials
            } catch {
                failures.append("\(account): \(error)")
            }
        }
        guard failures.isEmpty else {
            return [
                .problem(
                    "role",
                    failures.joined(separator: "; "),
                    fix:
                        "allow sts:AssumeRole on the role, and let its trust policy name the worker's role and --external-id"
                )
            ]
        }
        return [.ok("role", "can be assumed in \(others.joined(separator: ", "))")]
    }
}
