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
    ///
    /// - Parameters:
    ///   - isNarrow: True for the policy after somebody took back a part of what it allowed.
    ///   - trustsFirstSight: False where the first look trusts only what the policy allows.
    package func text(isNarrow: Bool = false, trustsFirstSight: Bool = true) -> String {
        let groups = SimulatedCallers.groups.map(\.id).joined(separator: ", ")
        let baseline = trustsFirstSight ? "first-sight" : "policy"
        let allow = """
            allow:
              - { name: inside, direction: ingress, protocol: tcp, ports: [\(isNarrow ? "" : "443, ")8443], sources: [10.0.0.0/8] }
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
                    baseline: \(baseline)
                    changes: [ingress-added, egress-added, rule-modified, ingress-removed]
                """
            case .tagged:
                """
                  - tags: { guard: "on" }
                    baseline: \(baseline)
                    changes: [ingress-added, egress-added, rule-modified, ingress-removed, egress-removed]
                """
            case .plain, .forbidding:
                """
                  - groups: [\(groups)]
                    baseline: \(baseline)
                """
            }
        let forbid =
            self == .forbidding
            ? """
            forbid:
              - { name: world, direction: ingress, sources: [public\(isNarrow ? ", 10.20.0.0/16" : "")] }

            """ : ""
        return "version: 1\nwatch:\n\(watch)\n\(allow)\n\(forbid)\(exempt)\n"
    }

    /// The policy.
    ///
    /// - Throws: `InvalidPolicy`.
    func read(isNarrow: Bool = false, trustsFirstSight: Bool = true) throws -> Policy {
        let text = text(isNarrow: isNarrow, trustsFirstSight: trustsFirstSight)
        return try PolicyDocument(text: text, path: "policy.yaml").policy
    }
}
