import Formats
package import Foundation
package import SecurityGroups
import TestSupport

/// CloudTrail's record of one call, in the shapes of the records that are published.
package struct SimulatedRecord: Sendable {
    package static let account = "111122223333"

    package let eventID: String
    package let requestID: String
    package let time: Date
    package let region: String
    /// The role of the caller.
    package let issuerARN: String

    package init(eventID: String, requestID: String, time: Date, region: String, issuerARN: String) {
        self.eventID = eventID
        self.requestID = requestID
        self.time = time
        self.region = region
        self.issuerARN = issuerARN
    }

    /// A call that added a rule.
    package func authorize(_ live: LiveRule, id: SecurityGroupRuleID? = nil) -> String {
        let suffix = live.rule.direction == .ingress ? "Ingress" : "Egress"
        let parameters =
            #"{"groupId":"\#(live.groupID)","ipPermissions":{"items":[\#(permission(live.rule))]}}"#
        let item = answered(live, id: id ?? live.id)
        return record(
            "AuthorizeSecurityGroup\(suffix)",
            parameters: parameters,
            response: #"{"requestId":"\#(requestID)","_return":true,"securityGroupRuleSet":{"items":[\#(item)]}}"#
        )
    }

    /// A call that added a rule, as recorded in the years before rules had ids.
    package func authorizeWithoutID(_ live: LiveRule) -> String {
        let suffix = live.rule.direction == .ingress ? "Ingress" : "Egress"
        return record(
            "AuthorizeSecurityGroup\(suffix)",
            parameters: #"{"groupId":"\#(live.groupID)","ipPermissions":{"items":[\#(permission(live.rule))]}}"#,
            response: #"{"requestId":"\#(requestID)","_return":true}"#
        )
    }

    /// A call that removed a rule by id.
    package func revoke(_ live: LiveRule) -> String {
        revoke([live], of: live)
    }

    /// A call that removed rules by id, all of the group and direction of `live`.
    package func revoke(_ rules: [LiveRule], of live: LiveRule) -> String {
        let suffix = live.rule.direction == .ingress ? "Ingress" : "Egress"
        let items = rules.map { answered($0, id: $0.id) }.joined(separator: ",")
        let ids = rules.map { #"{"securityGroupRuleId":"\#($0.id)"}"# }.joined(separator: ",")
        return record(
            "RevokeSecurityGroup\(suffix)",
            parameters:
                #"{"groupId":"\#(live.groupID)","securityGroupRuleIds":{"items":[\#(ids)]}}"#,
            response:
                #"{"requestId":"\#(requestID)","_return":true,"revokedSecurityGroupRuleSet":{"items":[\#(items)]}}"#
        )
    }

    /// A call that changed a rule to `live`.
    package func modify(_ live: LiveRule) -> String {
        let rule = live.rule
        let content =
            #"{"IpProtocol":"\#(rule.ipProtocol)","FromPort":\#(rule.ports.from),"ToPort":\#(rule.ports.to),"#
            + #""CidrIpv4":"\#(rule.peer)"}"#
        let change = #"{"SecurityGroupRuleId":"\#(live.id)","tag":1,"SecurityGroupRule":\#(content)}"#
        return record(
            "ModifySecurityGroupRules",
            parameters:
                #"{"ModifySecurityGroupRulesRequest":{"GroupId":"\#(live.groupID)","SecurityGroupRule":\#(change)}}"#,
            response: #"{"ModifySecurityGroupRulesResponse":{"requestId":"\#(requestID)","return":true}}"#
        )
    }

    /// CloudTrail writes whole seconds.
    private var stamp: String { String(RFC3339.format(time).prefix(19)) + "Z" }

    private func permission(_ rule: SecurityGroupRule) -> String {
        #"{"ipProtocol":"\#(rule.ipProtocol)","fromPort":\#(rule.ports.from),"toPort":\#(rule.ports.to),"#
            + #""groups":{},"ipRanges":{"items":[{"cidrIp":"\#(rule.peer)"}]},"ipv6Ranges":{},"prefixListIds":{}}"#
    }

    private func answered(_ live: LiveRule, id: SecurityGroupRuleID) -> String {
        let rule = live.rule
        return #"{"groupOwnerId":"\#(Self.account)","groupId":"\#(live.groupID)","securityGroupRuleId":"\#(id)","#
            + #""isEgress":\#(rule.direction == .egress),"ipProtocol":"\#(rule.ipProtocol)","#
            + #""fromPort":\#(rule.ports.from),"toPort":\#(rule.ports.to),"cidrIpv4":"\#(rule.peer)"}"#
    }

    private func record(_ eventName: String, parameters: String, response: String) -> String {
        let role = issuerARN.split(separator: "/").last.map(String.init) ?? "role"
        let identity =
            #"{"type":"AssumedRole","principalId":"AROAEXAMPLE:session","#
            + #""arn":"arn:aws:sts::\#(Self.account):assumed-role/\#(role)/session","accountId":"\#(Self.account)","#
            + #""sessionContext":{"sessionIssuer":{"type":"Role","arn":"\#(issuerARN)"}}}"#
        let record = CallRecord(
            eventName: eventName,
            request: parameters,
            response: response,
            members: [
                "userIdentity": identity, "eventTime": "\"\(stamp)\"", "awsRegion": "\"\(region)\"",
                "requestID": "\"\(requestID)\"", "eventID": "\"\(eventID)\"", "readOnly": "false",
                "eventType": #""AwsApiCall""#, "managementEvent": "true", "eventCategory": #""Management""#,
            ]
        )
        return record.inEventBridge(account: Self.account, region: region, time: stamp)
    }
}
