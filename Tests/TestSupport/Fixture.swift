package import Foundation
package import Ledger
package import SecurityGroups

/// A made-up id that AWS would not take.
package struct ImpossibleID: Error {
    let text: String
}

/// Made-up groups and rules. Whatever a test does not name has its usual value.
package enum Fixture {
    /// The usual group.
    package static let groupName = "sg-0a1b2c3d4e5f60718"
    /// The account of all groups.
    package static let account = "111122223333"
    /// The Region of all groups.
    package static let region = "eu-west-1"

    /// The id of the group with this number, or of the usual group.
    package static func group(_ number: Int? = nil) throws -> SecurityGroupID {
        let text = number.map { "sg-" + digits($0) } ?? groupName
        guard let id = SecurityGroupID(text) else { throw ImpossibleID(text: text) }
        return id
    }

    /// The id of the rule with this number, as text.
    package static func ruleName(_ number: Int) -> String { "sgr-" + digits(number) }

    /// The id of the rule with this number.
    package static func ruleID(_ number: Int = 1) throws -> SecurityGroupRuleID {
        let text = ruleName(number)
        guard let id = SecurityGroupRuleID(text) else { throw ImpossibleID(text: text) }
        return id
    }

    /// A rule that lets SSH in from everywhere.
    package static func rule(
        _ direction: Direction = .ingress,
        _ ipProtocol: IPProtocol = .tcp,
        port: Int? = 22,
        from peer: Peer = .cidr(.allIPv4)
    ) -> SecurityGroupRule {
        SecurityGroupRule(direction: direction, ipProtocol: ipProtocol, fromPort: port, toPort: port, peer: peer)
    }

    /// The rule with this number as EC2 shows it.
    package static func live(
        _ number: Int = 1,
        _ rule: SecurityGroupRule = rule(),
        in group: Int? = nil,
        description: String? = nil,
        owner: String? = nil,
        peerOwner: String? = nil,
        tags: [String: String] = [:]
    ) throws -> LiveRule {
        LiveRule(
            id: try ruleID(number),
            groupID: try self.group(group),
            rule: rule,
            ruleDescription: description,
            ownerID: owner,
            peerOwner: peerOwner,
            tags: tags
        )
    }

    /// The rule with this number as the ledger knows it, without an approval unless the test gives one.
    package static func standing(
        _ number: Int = 1,
        _ rule: SecurityGroupRule = rule(),
        in group: Int? = nil,
        description: String? = nil,
        account: String? = account,
        region: String = region,
        since: Date = .distantPast,
        approval: Approval? = nil
    ) throws -> StandingRule {
        StandingRule(
            id: try ruleID(number),
            groupID: try self.group(group),
            account: account,
            region: region,
            content: RuleContent(rule: rule, ruleDescription: description),
            since: since,
            approval: approval
        )
    }

    private static func digits(_ number: Int) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: max(0, 17 - digits.count)) + digits
    }
}

extension LiveRule {
    /// The rule as a run saw it; a rule that does not stand was gone.
    package func seen(account: String? = nil, stands: Bool = true, approval: Approval? = nil) -> RuleSighting {
        RuleSighting(
            account: account,
            region: Fixture.region,
            groupID: groupID,
            ruleID: id,
            content: stands ? content : nil,
            approval: approval
        )
    }
}

extension StandingRule {
    /// The rule as a run saw it; a rule that does not stand was gone.
    package func seen(stands: Bool = true) -> RuleSighting {
        RuleSighting(
            account: account,
            region: region,
            groupID: groupID,
            ruleID: id,
            content: stands ? content : nil
        )
    }
}
