import SecurityGroups

extension Doctor {
    /// Checks that the policy watches something.
    func policy() -> Finding {
        guard let source = setup.policySource, let policy = setup.policy else {
            return .notTried("policy", "there is none that can be used")
        }
        guard policy.watch.contains(where: { !$0.changes.isEmpty }) else {
            let place = source.path ?? "--group"
            return .problem("policy", "\(place): watches nothing", fix: "add an entry to watch:, with changes")
        }
        switch source {
        case .file(let path): return .ok("policy", "\(path): \(policy.watch.count) watch entries")
        case .groups(let ids):
            let names = ids.map(\.description).joined(separator: ", ")
            return .ok("policy", "every rule added to the ingress of \(names), and every change of one")
        }
    }
}
