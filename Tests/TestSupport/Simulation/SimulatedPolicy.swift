import PolicyFile
import SecurityGroups

/// The policies under which simulations run.
package enum SimulatedPolicy: String, Sendable, CaseIterable {
    /// Every kind of change is watched, and little is allowed.
    case strict
    /// Groups are known by a tag, and removed rules are put back.
    case tagged
    /// The defaults: additions to the ingress and changes.
    case plain
    /// Only what is open to the world is forbidden.
    case forbidding

    /// The text of the policy file.
    package var text: String {
        let groups = SimulatedCallers.groups.map(\.id).joined(separator: ", ")
        let allow = """
            allow:
              - { name: inside, direction: ingress, protocol: tcp, ports: [443, 8443], sources: [10.0.0.0/8] }
            """
        let exempt = """
            exempt:
              - { name: terraform, principals: ["\(SimulatedCallers.terraform)"] }
            """
        let watch =
            switch self {
            case .strict:
                """
                  - groups: [\(groups)]
                    changes: [ingress-added, egress-added, rule-modified, ingress-removed]
                """
            case .tagged:
                """
                  - tags: { guard: "on" }
                    changes: [ingress-added, egress-added, rule-modified, ingress-removed, egress-removed]
                """
            case .plain, .forbidding: "  - groups: [\(groups)]"
            }
        let forbid =
            self == .forbidding
            ? """
            forbid:
              - { name: world, direction: ingress, sources: [public] }

            """ : ""
        return "version: 1\nwatch:\n\(watch)\n\(allow)\n\(forbid)\(exempt)\n"
    }

    /// The policy.
    ///
    /// - Throws: `InvalidPolicy`.
    func read() throws -> Policy {
        try PolicyDocument(text: text, path: "policy.yaml").policy
    }
}
