import AWSClient
import SecurityGroups
import TestSupport

extension ScriptedAWS {
    static func describeGroups(_ form: [String: String], _ world: World) -> HTTPResponse {
        let ids = form["Filter.1.Name"] == nil ? world.groups.keys.sorted() : QueryForm.list("Filter.1.Value", in: form)
        let items = ids.compactMap { id in
            world.groups[id].map { tags in
                let set = tags.map { "<item><key>\($0)</key><value>\($1)</value></item>" }.joined()
                return "<item><groupId>\(id)</groupId><ownerId>\(world.owner ?? world.account)</ownerId>"
                    + "<vpcId>vpc-1</vpcId><tagSet>\(set)</tagSet></item>"
            }
        }
        return .text("<R><securityGroupInfo>\(items.joined())</securityGroupInfo></R>")
    }

    static func authorize(_ action: String, _ form: [String: String], _ world: inout World) -> HTTPResponse {
        let direction: Direction = action.hasSuffix("Ingress") ? .ingress : .egress
        let prefix = "IpPermissions.1"
        let peers = ["IpRanges.1.CidrIp", "Ipv6Ranges.1.CidrIpv6", "PrefixListIds.1.PrefixListId", "Groups.1.GroupId"]
        let peer = peers.lazy.compactMap { form["\(prefix).\($0)"] }.first
        let description = form["\(prefix).IpRanges.1.Description"]
        guard let rule = rule(form, prefix, peer, direction), let group = SecurityGroupID(form["GroupId"] ?? "") else {
            return .ec2Error("InvalidParameterValue")
        }
        guard !world.rules.values.contains(where: { $0.groupID == group && $0.rule == rule }) else {
            return .ec2Error("InvalidPermission.Duplicate")
        }
        let number = 1000 + world.nextID
        guard let id = SecurityGroupRuleID(Name.rule(number)) else { return .ec2Error("InternalError", status: 500) }
        world.rules[id.description] = LiveRule(id: id, groupID: group, rule: rule, ruleDescription: description)
        world.amendments.append(form)
        defer { world.nextID += 1 }
        let items = world.isSilent ? "" : "<item><securityGroupRuleId>\(id)</securityGroupRuleId></item>"
        return .text(
            "<R><requestId>req-\(world.nextID)</requestId><securityGroupRuleSet>\(items)</securityGroupRuleSet></R>"
        )
    }

    static func modify(_ form: [String: String], _ world: inout World) -> HTTPResponse {
        let prefix = "SecurityGroupRule.1.SecurityGroupRule"
        let id = form["SecurityGroupRule.1.SecurityGroupRuleId"] ?? ""
        let peers = ["CidrIpv4", "CidrIpv6", "PrefixListId", "ReferencedGroupId"]
        let peer = peers.lazy.compactMap { form["\(prefix).\($0)"] }.first
        guard let old = world.rules[id] else { return .ec2Error("InvalidSecurityGroupRuleId.NotFound") }
        guard let rule = rule(form, prefix, peer, old.rule.direction) else { return .ec2Error("InvalidParameterValue") }
        guard !world.rules.values.contains(where: { $0.id != old.id && $0.rule == rule }) else {
            return .ec2Error("InvalidPermission.Duplicate")
        }
        world.rules[id] = LiveRule(
            id: old.id,
            groupID: old.groupID,
            rule: rule,
            ruleDescription: form["\(prefix).Description"]
        )
        world.amendments.append(form)
        defer { world.nextID += 1 }
        return .text("<R><requestId>req-\(world.nextID)</requestId><return>true</return></R>")
    }

    private static func rule(
        _ form: [String: String],
        _ prefix: String,
        _ peer: String?,
        _ direction: Direction
    ) -> SecurityGroupRule? {
        guard let peer, let ipProtocol = IPProtocol(form["\(prefix).IpProtocol"] ?? "") else { return nil }
        return SecurityGroupRule(
            direction: direction,
            ipProtocol: ipProtocol,
            fromPort: form["\(prefix).FromPort"].flatMap { Int($0) },
            toPort: form["\(prefix).ToPort"].flatMap { Int($0) },
            peer: Peer(peer)
        )
    }
}
