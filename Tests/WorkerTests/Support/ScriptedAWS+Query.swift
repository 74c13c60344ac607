import AWSClient
import SecurityGroups
import TestSupport

extension ScriptedAWS {
    /// EC2, STS and SNS.
    static func query(_ action: String, _ form: [String: String], _ world: inout World) -> HTTPResponse {
        switch action {
        case "DescribeSecurityGroupRules": return describe(form, &world)
        case "DescribeSecurityGroups": return describeGroups(form, world)
        case "AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress": return authorize(action, form, &world)
        case "ModifySecurityGroupRules": return modify(form, &world)
        case "RevokeSecurityGroupIngress", "RevokeSecurityGroupEgress": return revoke(form, &world)
        case "GetCallerIdentity":
            return .text(
                "<R><GetCallerIdentityResult><Account>\(world.account)</Account><Arn>\(world.callerARN)</Arn><UserId>id</UserId>"
                    + "</GetCallerIdentityResult></R>"
            )
        case "Publish":
            world.published.append(form)
            return .text("<R><PublishResult><MessageId>n1</MessageId></PublishResult></R>")
        default: return .ec2Error("InvalidAction")
        }
    }

    private static func describe(_ form: [String: String], _ world: inout World) -> HTTPResponse {
        let wanted = Set(QueryForm.list("Filter.1.Value", in: form))
        let byID = form["Filter.1.Name"] == "security-group-rule-id"
        var shown: [LiveRule] = []
        for (id, rule) in world.rules where wanted.contains(byID ? id : rule.groupID.description) {
            if let looks = world.hiddenLooks[id], looks > 0 {
                world.hiddenLooks[id] = looks - 1
            } else {
                shown.append(rule)
            }
        }
        for (id, entry) in world.lingering where wanted.contains(id) {
            shown.append(entry.rule)
            world.lingering[id] = entry.looks > 1 ? (entry.rule, entry.looks - 1) : nil
        }
        let items = shown.sorted { $0.id.description < $1.id.description }.map { item($0, owner: world.owner) }.joined()
        return .text("<R><securityGroupRuleSet>\(items)</securityGroupRuleSet></R>")
    }

    private static func item(_ live: LiveRule, owner: String?) -> String {
        let peer =
            switch live.rule.peer {
            case .cidr(let block):
                block.family == .ipv4 ? "<cidrIpv4>\(block)</cidrIpv4>" : "<cidrIpv6>\(block)</cidrIpv6>"
            case .prefixList(let id): "<prefixListId>\(id)</prefixListId>"
            case .group(let id), .groupName(let id):
                "<referencedGroupInfo><groupId>\(id)</groupId></referencedGroupInfo>"
            case .unknown(let text): "<cidrIpv4>\(text)</cidrIpv4>"
            }
        return """
            <item><securityGroupRuleId>\(live.id)</securityGroupRuleId><groupId>\(live.groupID)</groupId>\
            \(owner.map { "<groupOwnerId>\($0)</groupOwnerId>" } ?? "")\
            <isEgress>\(live.rule.direction == .egress)</isEgress><ipProtocol>\(live.rule.ipProtocol)</ipProtocol>\
            <fromPort>\(live.rule.ports.from)</fromPort><toPort>\(live.rule.ports.to)</toPort>\(peer)\
            <description>\(live.ruleDescription ?? "")</description></item>
            """
    }

    private static func revoke(_ form: [String: String], _ world: inout World) -> HTTPResponse {
        let ids = QueryForm.list("SecurityGroupRuleId", in: form)
        world.revokes.append(ids)
        for id in world.takenMeanwhile { world.rules[id] = nil }
        world.takenMeanwhile = []
        defer { world.nextID += 1 }
        let head = "<requestId>req-\(world.nextID)</requestId><return>true</return>"
        if world.revokesNothing { return .text("<R>\(head)</R>") }
        guard ids.allSatisfy({ world.rules[$0] != nil }) else {
            return .ec2Error("InvalidSecurityGroupRuleId.NotFound")
        }
        for id in ids {
            if world.lingeringLooks > 0, let rule = world.rules[id] {
                world.lingering[id] = (rule, world.lingeringLooks)
            }
            world.rules[id] = nil
        }
        if world.isSilent || world.lingeringLooks > 0 { return .text("<R>\(head)</R>") }
        let items = ids.map { "<item><securityGroupRuleId>\($0)</securityGroupRuleId></item>" }.joined()
        return .text("<R>\(head)<revokedSecurityGroupRuleSet>\(items)</revokedSecurityGroupRuleSet></R>")
    }
}
