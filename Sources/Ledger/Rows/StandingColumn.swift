/// The columns of the view `standing_rules`, in their order. The raw values are their stable names.
package enum StandingColumn: String, CaseIterable, Hashable, Sendable {
    case account
    case region
    case groupID = "group_id"
    case ruleID = "rule_id"
    case direction
    case ipProtocol = "protocol"
    case fromPort = "from_port"
    case toPort = "to_port"
    case source
    case description
    case firstSeen = "first_seen"
    case lastSeen = "last_seen"
    case knownBy = "known_by"
    case approvedBy = "approved_by"

    /// The unit, and the meaning of null, in half a line.
    package var meaning: String {
        switch self {
        case .account: "the account that owns the group"
        case .region: "the Region of the group"
        case .groupID: "the group that has the rule"
        case .ruleID: "EC2's id of the rule"
        case .direction: "ingress or egress"
        case .ipProtocol: "the protocol as EC2 writes it: tcp, icmp, -1 for all, a number"
        case .fromPort: "the first port, or the ICMP type; -1 for all"
        case .toPort: "the last port, or the ICMP code; -1 for all"
        case .source: "the other end: a CIDR block, a prefix list or a group"
        case .description: "the rule's description; null without one"
        case .firstSeen: "when the rule was first seen to say this"
        case .lastSeen: "when it was last seen: by a snapshot of its group, or by the run of an event"
        case .knownBy: "baseline, event, sweep or approved"
        case .approvedBy:
            "why it may stand: baseline, allow NAME, exempt NAME, approved WHO; null where nothing says so"
        }
    }

    /// The expression that the view selects for the column.
    var expression: String {
        self == .lastSeen
            ? "max(sightings.last_seen, coalesce(group_snapshots.looked_at, '')) AS last_seen" : "sightings.\(rawValue)"
    }
}
