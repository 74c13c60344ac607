import SecurityGroups
import Testing

/// Made-up groups and rules.
enum Fixture {
    static func group(_ digit: Character = "a") throws -> SecurityGroupID {
        try #require(SecurityGroupID("sg-" + String(repeating: digit, count: 17)))
    }

    static func ruleID(_ digit: Character) throws -> SecurityGroupRuleID {
        try #require(SecurityGroupRuleID("sgr-" + String(repeating: digit, count: 17)))
    }

    static func rule(
        _ direction: Direction = .ingress,
        _ ipProtocol: IPProtocol = .tcp,
        ports: Int? = 22,
        from peer: Peer? = nil
    ) throws -> SecurityGroupRule {
        SecurityGroupRule(
            direction: direction,
            ipProtocol: ipProtocol,
            fromPort: ports,
            toPort: ports,
            peer: try peer ?? .cidr(#require(CIDRBlock("0.0.0.0/0")))
        )
    }

    static func live(
        _ id: Character,
        _ rule: SecurityGroupRule,
        in group: Character = "a",
        description: String? = nil
    ) throws -> LiveRule {
        LiveRule(id: try ruleID(id), groupID: try self.group(group), rule: rule, ruleDescription: description)
    }
}
