import Foundation
import SecurityGroups
import TestSupport
import Testing

@testable import Worker

extension RecordText {
    /// A call that changed rules by id, as `ModifySecurityGroupRules` is recorded: the rules with these numbers got this port
    /// and source.
    static func modify(
        _ number: Int,
        port: Int,
        cidr: String = "0.0.0.0/0",
        eventID: String = "modify",
        time: Date
    ) -> Self {
        var record = Self(eventID: eventID, eventName: "ModifySecurityGroupRules", time: time)
        record.members["requestID"] = "\"req-\(eventID)\""
        record.members["requestParameters"] =
            #"{"ModifySecurityGroupRulesRequest":{"GroupId":"\#(Name.group)","SecurityGroupRule":{"#
            + #""SecurityGroupRuleId":"\#(Name.rule(number))","SecurityGroupRule":{"IpProtocol":"tcp","#
            + #""FromPort":\#(port),"ToPort":\#(port),"CidrIpv4":"\#(cidr)"}}}}"#
        record.members["responseElements"] = #"{"ModifySecurityGroupRulesResponse":{"return":true}}"#
        return record
    }

    /// A call that removed the rule with this number, which EC2's answer tells whole, or by id alone.
    static func remove(_ number: Int, isByID: Bool = false, eventID: String = "remove", time: Date) -> Self {
        var record = Self(eventID: eventID, eventName: "RevokeSecurityGroupIngress", time: time)
        let id = Name.rule(number)
        record.members["requestID"] = "\"req-\(eventID)\""
        record.members["requestParameters"] =
            #"{"groupId":"\#(Name.group)","securityGroupRuleIds":{"items":[{"securityGroupRuleId":"\#(id)"}]}}"#
        let set =
            #"{"items":[{"groupId":"\#(Name.group)","securityGroupRuleId":"\#(id)","isEgress":false,"#
            + #""ipProtocol":"tcp","fromPort":\#(20 + number),"toPort":\#(20 + number),"cidrIpv4":"0.0.0.0/0","#
            + #""description":"it's ours"}]}"#
        record.members["responseElements"] =
            isByID ? #"{"_return":true}"# : #"{"_return":true,"revokedSecurityGroupRuleSet":\#(set)}"#
        return record
    }

    /// A new group.
    static func create(time: Date) -> Self {
        var record = Self(eventID: "create", eventName: "CreateSecurityGroup", time: time)
        record.members["requestParameters"] = #"{"groupName":"x","groupDescription":"x","vpcId":"vpc-1"}"#
        record.members["responseElements"] = #"{"groupId":"\#(Name.group)","_return":true}"#
        return record
    }
}

extension Policy {
    /// Watches the usual group for these changes.
    static func watching(
        _ changes: ChangeKind...,
        allow: [Allow] = [],
        exempt: [Exemption] = [],
        tags: [String: Wildcard]? = nil,
        limit: Int? = nil
    ) -> Self {
        let watch = Watch(groups: tags == nil ? [Name.group] : nil, tags: tags, changes: Set(changes), origin: "watch")
        return Self(watch: [watch], allow: allow, exempt: exempt, revertsPerRulePerHour: limit)
    }
}

extension Allow {
    /// Lets in TCP on this port from everywhere.
    static func port(_ port: Int) throws -> Self {
        Allow(
            name: nil,
            direction: .ingress,
            ipProtocol: .tcp,
            ports: [PortRange(from: port, to: port)],
            sources: [.cidr(try #require(CIDRBlock("0.0.0.0/0")))],
            origin: "allow \(port)"
        )
    }
}

/// A rule with this id that lets TCP in from everywhere on any port.
func liveRule(_ number: Int, port: Int, description: String? = nil, tags: [String: String] = [:]) throws -> LiveRule {
    try Fixture.live(number, Fixture.rule(port: port), description: description, tags: tags)
}
