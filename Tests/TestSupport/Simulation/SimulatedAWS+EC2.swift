import AWSClient
import Foundation
import SecurityGroups
import TestSupport

extension SimulatedAWS {
    /// EC2 and its quotas.
    static func ec2(
        _ call: SimulatedCall,
        _ world: inout World,
        _ now: Duration,
        _ weather: SimulatedWeather
    ) -> HTTPResponse {
        guard takeToken(call, &world, now, weather) else { return .failure("RequestLimitExceeded", status: 503) }
        if let refused = weather.refusedGroup, now < refused.until, call.form["GroupId"] == refused.id {
            return .failure("UnauthorizedOperation", status: 403)
        }
        switch call.action {
        case "DescribeSecurityGroupRules": return describe(call, &world, now, weather)
        case "DescribeSecurityGroups": return describeGroups(call)
        case "RevokeSecurityGroupIngress", "RevokeSecurityGroupEgress": return revoke(call, &world, now)
        case "AuthorizeSecurityGroupIngress": return authorize(call, .ingress, &world, now)
        case "AuthorizeSecurityGroupEgress": return authorize(call, .egress, &world, now)
        case "ModifySecurityGroupRules": return modify(call, &world, now)
        default: return .failure("InvalidAction")
        }
    }

    static func publish(_ call: SimulatedCall, _ world: inout World) -> HTTPResponse {
        world.published.append(call.form)
        return .text("<R><PublishResult><MessageId>n</MessageId></PublishResult></R>")
    }

    /// EC2's token buckets: one for each Region and action.
    private static func takeToken(
        _ call: SimulatedCall,
        _ world: inout World,
        _ now: Duration,
        _ weather: SimulatedWeather
    ) -> Bool {
        let (size, refill) = call.action.hasPrefix("Describe") ? (100.0, 20.0) : weather.bucket
        let key = "\(call.region) \(call.action)"
        var bucket = world.buckets[key] ?? (size, now)
        bucket.tokens = min(size, bucket.tokens + (now - bucket.at).inSeconds * refill)
        bucket.at = now
        defer { world.buckets[key] = bucket }
        guard bucket.tokens >= 1 else { return false }
        bucket.tokens -= 1
        return true
    }

    private static func describe(
        _ call: SimulatedCall,
        _ world: inout World,
        _ now: Duration,
        _ weather: SimulatedWeather
    ) -> HTTPResponse {
        let age = world.generator.duration(0...weather.staleness)
        let wanted = Set(call.list("Filter.1.Value"))
        let isByID = call.form["Filter.1.Name"] == "security-group-rule-id"
        let shown = world.rules.seen(at: now - age).filter {
            SimulatedCallers.region(of: $0.groupID) == call.region
                && (wanted.isEmpty || wanted.contains(isByID ? $0.id.description : $0.groupID.description))
        }
        return .text(
            "<R><requestId>\(world.requestID())</requestId>"
                + "<securityGroupRuleSet>\(shown.map(item).joined())</securityGroupRuleSet></R>"
        )
    }

    private static func describeGroups(_ call: SimulatedCall) -> HTTPResponse {
        let wanted = Set(call.list("Filter.1.Value"))
        let items = SimulatedCallers.groups.filter {
            $0.region == call.region && (wanted.isEmpty || wanted.contains($0.id))
        }.map {
            "<item><groupId>\($0.id)</groupId><groupName>web</groupName><ownerId>\(SimulatedRecord.account)</ownerId>"
                + "<vpcId>vpc-1</vpcId><tagSet><item><key>guard</key><value>on</value></item></tagSet></item>"
        }
        return .text("<R><securityGroupInfo>\(items.joined())</securityGroupInfo></R>")
    }

    private static func item(_ live: LiveRule) -> String {
        "<item><securityGroupRuleId>\(live.id)</securityGroupRuleId><groupId>\(live.groupID)</groupId>"
            + "<groupOwnerId>\(SimulatedRecord.account)</groupOwnerId>"
            + "<isEgress>\(live.rule.direction == .egress)</isEgress><ipProtocol>\(live.rule.ipProtocol)</ipProtocol>"
            + "<fromPort>\(live.rule.ports.from)</fromPort><toPort>\(live.rule.ports.to)</toPort>"
            + "<cidrIpv4>\(live.rule.peer)</cidrIpv4></item>"
    }

    /// One unknown id rejects the whole call.
    private static func revoke(_ call: SimulatedCall, _ world: inout World, _ now: Duration) -> HTTPResponse {
        let ids = call.list("SecurityGroupRuleId").compactMap { SecurityGroupRuleID($0) }
        let rules = ids.compactMap { world.rules.rule($0) }
        guard rules.count == ids.count, rules.allSatisfy({ $0.groupID.description == call.form["GroupId"] }) else {
            return .failure("InvalidSecurityGroupRuleId.NotFound")
        }
        let requestID = world.requestID()
        for rule in rules {
            touch(rule, &world, now)
            _ = world.rules.remove(rule.id, by: own(now))
        }
        if let first = rules.first {
            record(requestID, of: first.groupID, &world, now) { $0.revoke(rules, of: first) }
        }
        let items = ids.map { "<item><securityGroupRuleId>\($0)</securityGroupRuleId></item>" }.joined()
        return .text(
            "<R><requestId>\(requestID)</requestId><return>true</return>"
                + "<revokedSecurityGroupRuleSet>\(items)</revokedSecurityGroupRuleSet></R>"
        )
    }

    private static func authorize(
        _ call: SimulatedCall,
        _ direction: Direction,
        _ world: inout World,
        _ now: Duration
    ) -> HTTPResponse {
        let prefix = "IpPermissions.1"
        guard let group = SecurityGroupID(call.form["GroupId"] ?? ""),
            let rule = rule(call, prefix, cidr: "\(prefix).IpRanges.1.CidrIp", direction)
        else { return .failure("InvalidParameterValue") }
        guard let live = world.rules.add(rule, to: group, by: own(now)) else {
            return .failure("InvalidPermission.Duplicate")
        }
        world.opened.append(Opening(rule: live, at: now))
        let requestID = world.requestID()
        record(requestID, of: group, &world, now) { $0.authorize(live) }
        return .text(
            "<R><requestId>\(requestID)</requestId><securityGroupRuleSet><item><securityGroupRuleId>"
                + "\(live.id)</securityGroupRuleId></item></securityGroupRuleSet></R>"
        )
    }

    private static func modify(_ call: SimulatedCall, _ world: inout World, _ now: Duration) -> HTTPResponse {
        let prefix = "SecurityGroupRule.1.SecurityGroupRule"
        guard let id = SecurityGroupRuleID(call.form["SecurityGroupRule.1.SecurityGroupRuleId"] ?? ""),
            let old = world.rules.rule(id)
        else { return .failure("InvalidSecurityGroupRuleId.NotFound") }
        guard let rule = rule(call, prefix, cidr: "\(prefix).CidrIpv4", old.rule.direction) else {
            return .failure("InvalidParameterValue")
        }
        let origin = world.rules.origin(of: id)
        guard let live = world.rules.modify(id, to: rule, by: own(now)) else {
            return .failure("InvalidPermission.Duplicate")
        }
        if let origin { world.touched.append(Touch(rule: old, origin: origin, at: now)) }
        world.opened.append(Opening(rule: live, at: now))
        let requestID = world.requestID()
        record(requestID, of: live.groupID, &world, now) { $0.modify(live) }
        return .text("<R><requestId>\(requestID)</requestId><return>true</return></R>")
    }

    private static func own(_ now: Duration) -> SimulatedRules.Origin {
        SimulatedRules.Origin(maker: .guardian, eventID: nil, at: now)
    }

    private static func touch(_ rule: LiveRule, _ world: inout World, _ now: Duration) {
        guard let origin = world.rules.origin(of: rule.id) else { return }
        world.touched.append(Touch(rule: rule, origin: origin, at: now))
    }

    /// CloudTrail records what the guard does, too.
    private static func record(
        _ requestID: String,
        of group: SecurityGroupID,
        _ world: inout World,
        _ now: Duration,
        _ text: (SimulatedRecord) -> String
    ) {
        let record = SimulatedRecord(
            eventID: "own-\(requestID)",
            requestID: requestID,
            time: SimulatedMachine.start.addingTimeInterval(now.inSeconds.rounded(.down)),
            region: SimulatedCallers.region(of: group),
            issuerARN: ownRole
        )
        let delay = world.generator.duration(1_000...20_000)
        world.script.delivered.insert(record.eventID)
        world.queue.send(
            text(record),
            messageID: record.eventID,
            eventID: record.eventID,
            visibleAt: now + delay
        )
    }

    private static func rule(
        _ call: SimulatedCall,
        _ prefix: String,
        cidr: String,
        _ direction: Direction
    ) -> SecurityGroupRule? {
        guard let ipProtocol = IPProtocol(call.form["\(prefix).IpProtocol"] ?? ""), let cidr = call.form[cidr] else {
            return nil
        }
        return SecurityGroupRule(
            direction: direction,
            ipProtocol: ipProtocol,
            fromPort: call.form["\(prefix).FromPort"].flatMap { Int($0) },
            toPort: call.form["\(prefix).ToPort"].flatMap { Int($0) },
            peer: Peer(cidr)
        )
    }
}
