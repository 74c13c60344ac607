/// The columns of the view `audit_rules`, in their order. The raw values are their stable names.
package enum RuleColumn: String, CaseIterable, Hashable, Sendable {
    case eventID = "event_id"
    case ruleID = "rule_id"
    case groupID = "group_id"
    case direction
    case ipProtocol = "protocol"
    case fromPort = "from_port"
    case toPort = "to_port"
    case source
    case description
    case decision
    case reason
    case outcome
    case undo

    /// The unit, and the meaning of null, in half a line.
    package var meaning: String {
        switch self {
        case .eventID: "CloudTrail's eventID of the rule's event"
        case .ruleID: "EC2's id of the rule; null for a record without, whose rule was not found"
        case .groupID: "the group that has the rule; null if unknown"
        case .direction: "ingress or egress"
        case .ipProtocol: "the protocol as EC2 writes it: tcp, icmp, -1 for all, a number"
        case .fromPort: "the first port, or the ICMP type; -1 for all"
        case .toPort: "the last port, or the ICMP code; -1 for all"
        case .source: "the other end: a CIDR block, a prefix list or a group"
        case .description: "the rule's description; null without one"
        case .decision: "revert, allow or exempt; null where the policy was not asked"
        case .reason: "the line of policy that decided; null where the policy was not asked"
        case .outcome: "what became of the rule"
        case .undo: "the command that brings the rule back; null unless it was reverted"
        }
    }

    /// The expression that the view selects for the column.
    var expression: String { self == .eventID ? "events.event_id" : "rules.\(rawValue)" }
}
