import CloudTrailEvents
import SecurityGroups
import Testing

@Suite struct RevokeTests {
    private func decode(_ request: String, _ response: String = #"{"_return":true}"#) -> DecodedMessage {
        DecodedMessage(body: Record(eventName: "RevokeSecurityGroupIngress", request: request, response: response).json)
    }

    @Test func `before 2023 the rules are in the request alone`() {
        let item = #"{"ipProtocol":"-1","fromPort":0,"toPort":0,"ipv6Ranges":{"items":[{"cidrIpv6":"::/0"}]}}"#
        let record = Record(eventName: "RevokeSecurityGroupEgress", request: permissions(item))
        let message = DecodedMessage(body: record.json)
        #expect(message.change?.kind == .egressRemoved)
        #expect(message.rules == ["egress all traffic to ::/0"])
    }

    @Test func `the flat form is read`() {
        let request =
            #"{"groupId":"\#(Record.group)","ipPermissions":{},"#
            + #""ipProtocol":"tcp","fromPort":22,"toPort":22,"cidrIp":"0.0.0.0/0"}"#
        let message = decode(request)
        #expect(message.change?.kind == .ingressRemoved)
        #expect(message.change?.groupID == Record.group)
        #expect(message.rules == ["ingress tcp 22 from 0.0.0.0/0"])
    }

    @Test(arguments: [
        #""referencedGroupId":"sg-0fedcba9876543210""#, #""referencedGroupInfo":{"groupId":"sg-0fedcba9876543210"}"#,
    ])
    func `the answer counts where it lists the revoked rules`(peer: String) {
        let change = decode("{}", ruleSet(answeredRule(peer), named: "revokedSecurityGroupRuleSet")).change
        #expect(change?.groupID == Record.group)
        #expect(change?.rules.map(\.id) == ["sgr-0123456789abcdef0"])
        #expect(change?.rules.map(\.rule.peer) == [.group("sg-0fedcba9876543210")])
    }

    @Test func `by rule id there is no content to read`() {
        let request =
            #"{"groupId":"\#(Record.group)","#
            + #""securityGroupRuleIds":{"items":[{"securityGroupRuleId":"sgr-0123456789abcdef0"}]}}"#
        #expect(decode(request).change == SecurityGroupChange(kind: .ingressRemoved, groupID: Record.group, rules: []))
    }

    @Test func `by name there is no group`() {
        let request = #"{"groupName":"default","ipProtocol":"tcp","fromPort":22,"toPort":22,"cidrIp":"0.0.0.0/0"}"#
        let message = decode(request)
        #expect(message.change?.groupID == nil)
        #expect(message.rules == ["ingress tcp 22 from 0.0.0.0/0"])
    }

    @Test func `what cannot be read is left out`() {
        let good = #"{"ipProtocol":"tcp","fromPort":22,"toPort":22,"ipRanges":{"items":[{"cidrIp":"0.0.0.0/0"}]}}"#
        #expect(decode(permissions(#"{"ipProtocol":"x"},\#(good),7"#)).rules == ["ingress tcp 22 from 0.0.0.0/0"])
        #expect(decode(#"{"ipPermissions":"none"}"#).rules == [])
        #expect(decode("null", "null").rules == [])
    }
}

@Suite struct OtherChangesTests {
    @Test(arguments: [
        #"{"ModifySecurityGroupRulesRequest":{"GroupId":"sg-0a1b2c3d4e5f60718","SecurityGroupRule":{"tag":1}}}"#,
        #"{"GroupId":"sg-0a1b2c3d4e5f60718"}"#,
        #"{"groupId":"sg-0a1b2c3d4e5f60718"}"#,
    ])
    func `a modified rule names its group in three ways`(request: String) {
        let record = Record(eventName: "ModifySecurityGroupRules", request: request, response: "null")
        let expected = SecurityGroupChange(kind: .ruleModified, groupID: Record.group, rules: [])
        #expect(DecodedMessage(body: record.json).change == expected)
    }

    @Test func `a new group comes with egress`() {
        let record = Record(
            eventName: "CreateSecurityGroup",
            request: #"{"groupName":"web","groupDescription":"web","vpcId":"vpc-0123456789abcdef0"}"#,
            response: #"{"_return":true,"groupId":"sg-0a1b2c3d4e5f60718"}"#
        )
        let expected = SecurityGroupChange(kind: .egressAdded, groupID: Record.group, rules: [])
        #expect(DecodedMessage(body: record.json).change == expected)
    }
}

@Suite struct IgnoredTests {
    @Test(arguments: [
        "DeleteSecurityGroup", "UpdateSecurityGroupRuleDescriptionsIngress", "RunInstances",
        "authorizesecuritygroupingress", "",
    ])
    func `other calls are no rule change`(name: String) {
        #expect(DecodedMessage(body: Record(eventName: name).json).ignoreReason == .notARuleChange)
    }

    @Test(arguments: [#""rds.amazonaws.com""#, #""ec2.amazonaws.com.example""#, "null", "7"])
    func `other services are no rule change, whatever their calls are named`(source: String) {
        let body = Record(members: ["eventSource": source]).json
        #expect(DecodedMessage(body: body).ignoreReason == .notARuleChange)
    }

    @Test(arguments: [
        ["errorCode": #""Client.DryRunOperation""#],
        ["errorCode": #""Client.InvalidPermission.Duplicate""#, "errorMessage": #""exists""#],
        ["errorMessage": #""something went wrong""#],
        ["responseElements": #"{"_return":false}"#],
        ["responseElements": #"{"_return":"false"}"#],
    ])
    func `a failed call is ignored although its request is complete`(members: [String: String]) {
        let item = #"{"ipProtocol":"tcp","fromPort":22,"toPort":22,"ipRanges":{"items":[{"cidrIp":"0.0.0.0/0"}]}}"#
        let record = Record(request: permissions(item), response: "null", members: members)
        #expect(DecodedMessage(body: record.json).ignoreReason == .callFailed)
    }

    @Test func `an empty error is none`() {
        let record = Record(
            response: ruleSet(answeredRule(#""cidrIpv4":"0.0.0.0/0""#)),
            members: ["errorCode": #""""#, "errorMessage": "null"]
        )
        #expect(DecodedMessage(body: record.json).change != nil)
    }

    @Test func `that it is no rule change is said before that it failed`() {
        let record = Record(eventName: "DeleteSecurityGroup", members: ["errorCode": #""Client.DependencyViolation""#])
        let message = DecodedMessage(body: record.json)
        #expect(message.ignoreReason == .notARuleChange)
        #expect(message.event?.errorCode == "Client.DependencyViolation")
    }
}
