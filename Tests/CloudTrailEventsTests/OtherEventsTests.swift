import CloudTrailEvents
import SecurityGroups
import TestSupport
import Testing

@Suite struct RevokeTests {
    private func decode(_ request: String, _ response: String = #"{"_return":true}"#) -> DecodedMessage {
        DecodedMessage(
            body: CallRecord(eventName: "RevokeSecurityGroupIngress", request: request, response: response).json
        )
    }

    @Test func `before 2023 the rules are in the request alone`() {
        let item = #"{"ipProtocol":"-1","fromPort":0,"toPort":0,"ipv6Ranges":{"items":[{"cidrIpv6":"::/0"}]}}"#
        let record = CallRecord(eventName: "RevokeSecurityGroupEgress", request: permissions(item))
        let message = DecodedMessage(body: record.json)
        #expect(message.change?.kind == .egressRemoved)
        #expect(message.rules == ["egress all traffic to ::/0"])
    }

    @Test func `the flat form is read`() {
        let request =
            #"{"groupId":"\#(CallRecord.group)","ipPermissions":{},"#
            + #""ipProtocol":"tcp","fromPort":22,"toPort":22,"cidrIp":"0.0.0.0/0"}"#
        let message = decode(request)
        #expect(message.change?.kind == .ingressRemoved)
        #expect(message.change?.groupID == CallRecord.group)
        #expect(message.rules == ["ingress tcp 22 from 0.0.0.0/0"])
    }

    @Test(arguments: [
        #""referencedGroupId":"sg-0fedcba9876543210""#, #""referencedGroupInfo":{"groupId":"sg-0fedcba9876543210"}"#,
    ])
    func `the answer counts where it lists the revoked rules`(peer: String) {
        let change = decode("{}", ruleSet(answeredRule(peer), named: "revokedSecurityGroupRuleSet")).change
        #expect(change?.groupID == CallRecord.group)
        #expect(change?.rules.map(\.id) == ["sgr-0123456789abcdef0"])
        #expect(change?.rules.map(\.traffic?.peer) == [.group("sg-0fedcba9876543210")])
    }

    @Test(arguments: [
        #""securityGroupRuleIds":{"items":[{"securityGroupRuleId":"sgr-0123456789abcdef0"}]}"#,
        #""securityGroupRuleIds":{"items":["sgr-0123456789abcdef0"]},"ipPermissions":{}"#,
        #""securityGroupRuleIds":["sgr-0123456789abcdef0"]"#, #""securityGroupRuleId":"sgr-0123456789abcdef0""#,
        #""SecurityGroupRuleId":{"tag":1,"SecurityGroupRuleId":"sgr-0123456789abcdef0"}"#,
    ])
    func `by rule id the record tells the ids alone`(ids: String) {
        let rule = ChangedRule(
            id: "sgr-0123456789abcdef0",
            direction: .ingress,
            traffic: nil,
            ruleDescription: nil
        )
        let expected = SecurityGroupChange(kind: .ingressRemoved, groupID: CallRecord.group, rules: [rule])
        #expect(decode(#"{"groupId":"\#(CallRecord.group)",\#(ids)}"#).change == expected)
    }

    @Test func `by rule id the answer tells the content where it lists the rules`() {
        let request = #"{"groupId":"\#(CallRecord.group)","securityGroupRuleIds":["sgr-0123456789abcdef0"]}"#
        let answer = ruleSet(answeredRule(#""cidrIpv4":"0.0.0.0/0""#), named: "revokedSecurityGroupRuleSet")
        let change = decode(request, answer).change
        #expect(change?.rules.compactMap(\.rule?.description) == ["ingress tcp 22 from 0.0.0.0/0"])
        #expect(change?.unread == nil)
    }

    @Test func `by name there is no group`() {
        let request = #"{"groupName":"default","ipProtocol":"tcp","fromPort":22,"toPort":22,"cidrIp":"0.0.0.0/0"}"#
        let message = decode(request)
        #expect(message.change?.groupID == nil)
        #expect(message.rules == ["ingress tcp 22 from 0.0.0.0/0"])
        #expect(message.change?.unread?.hasPrefix("requestParameters.groupId: missing") == true)
    }

    @Test(arguments: [
        (
            #"{"ipPermissions":{"items":[{"ipProtocol":"x"}]}}"#,
            #".ipPermissions.items[0]: names no source or destination"#
        ),
        (#"{"ipPermissions":"none"}"#, ".ipPermissions: is not a list"),
        (#"{"securityGroupRuleIds":[{}]}"#, ".securityGroupRuleIds[0]: is not text"),
        ("{}", ": a successful call that names no rule"),
    ])
    func `what cannot be read is told, for whoever watches removals`(request: String, problem: String) {
        let request = request.replacing("{", with: #"{"groupId":"\#(CallRecord.group)","#, maxReplacements: 1)
        let change = decode(request.replacing(",}", with: "}")).change
        #expect(change?.rules == [])
        #expect(change?.unread == "requestParameters\(problem)")
    }

    @Test func `what did not stand was not removed`() {
        let item = #"{"ipProtocol":"tcp","fromPort":22,"toPort":22,"ipRanges":{"items":[{"cidrIp":"0.0.0.0/0"}]}}"#
        let change = decode(permissions(item), #"{"unknownIpPermissionSet":{"items":[\#(item)]}}"#).change
        #expect(change?.unread == "responseElements.unknownIpPermissionSet: names rules that did not stand")
    }
}

@Suite struct ModifyTests {
    private static let rule =
        #"{"SecurityGroupRuleId":"sgr-0123456789abcdef0","tag":1,"SecurityGroupRule":"#
        + #"{"IpProtocol":"tcp","FromPort":22,"ToPort":23,"CidrIpv4":"10.1.2.3/8","Description":"x"}}"#

    private func change(_ request: String) -> SecurityGroupChange? {
        let response = #"{"ModifySecurityGroupRulesResponse":{"return":true}}"#
        return DecodedMessage(
            body: CallRecord(eventName: "ModifySecurityGroupRules", request: request, response: response).json
        ).change
    }

    @Test(arguments: [
        #"{"ModifySecurityGroupRulesRequest":{"GroupId":"sg-0a1b2c3d4e5f60718","SecurityGroupRule":\#(rule)}}"#,
        #"{"GroupId":"sg-0a1b2c3d4e5f60718","SecurityGroupRule":[\#(rule)]}"#,
        #"{"groupId":"sg-0a1b2c3d4e5f60718","SecurityGroupRule":{"items":[\#(rule)]}}"#,
    ])
    func `the new content is read in every wrapping, without a direction`(request: String) throws {
        let rule = ChangedRule(
            id: "sgr-0123456789abcdef0",
            direction: nil,
            traffic: RuleTraffic(
                ipProtocol: .tcp,
                fromPort: 22,
                toPort: 23,
                peer: .cidr(try #require(CIDRBlock("10.0.0.0/8")))
            ),
            ruleDescription: "x"
        )
        #expect(change(request) == SecurityGroupChange(kind: .ruleModified, groupID: CallRecord.group, rules: [rule]))
    }

    @Test func `several rules are an array`() {
        let second = Self.rule.replacing("def0", with: "def1")
        let request = #"{"GroupId":"sg-0a1b2c3d4e5f60718","SecurityGroupRule":[\#(Self.rule),\#(second)]}"#
        #expect(change(request)?.rules.map(\.id) == ["sgr-0123456789abcdef0", "sgr-0123456789abcdef1"])
    }

    @Test(arguments: [
        (#""CidrIpv6":"2001:DB8::1/32""#, "2001:db8::/32"), (#""PrefixListId":"pl-1234abcd""#, "pl-1234abcd"),
        (#""ReferencedGroupId":"sg-0fedcba9876543210""#, "sg-0fedcba9876543210"),
    ])
    func `the new source is of any family`(source: String, text: String) {
        let rule = Self.rule.replacing(#""CidrIpv4":"10.1.2.3/8""#, with: source)
        let change = change(#"{"GroupId":"sg-0a1b2c3d4e5f60718","SecurityGroupRule":\#(rule)}"#)
        #expect(change?.rules.map(\.traffic?.peer.description) == [text])
    }

    @Test func `a change of the description alone brings no content`() {
        let rule = #"{"SecurityGroupRuleId":"sgr-0123456789abcdef0","SecurityGroupRule":{"Description":"y"}}"#
        let change = change(#"{"GroupId":"sg-0a1b2c3d4e5f60718","SecurityGroupRule":\#(rule)}"#)
        #expect(change?.rules.map(\.traffic) == [nil])
        #expect(change?.rules.map(\.ruleDescription) == ["y"])
        #expect(change?.unread == nil)
    }

    @Test(arguments: [
        (#"{"GroupId":"sg-0a1b2c3d4e5f60718"}"#, ": a successful call that names no rule"),
        (
            #"{"GroupId":"sg-0a1b2c3d4e5f60718","SecurityGroupRule":{"tag":1}}"#,
            ".SecurityGroupRule.securityGroupRuleId: missing"
        ),
        (#"{"SecurityGroupRule":\#(rule)}"#, ".groupId: missing"),
    ])
    func `what cannot be read is told, for whoever watches modifications`(request: String, problem: String) {
        #expect(change(request)?.unread == "requestParameters\(problem)")
    }

    @Test func `a rule whose new source is written oddly is kept by its id`() {
        let rule = Self.rule.replacing("10.1.2.3/8", with: "0.0.0.0/00")
        let change = change(#"{"GroupId":"sg-0a1b2c3d4e5f60718","SecurityGroupRule":[\#(rule),\#(Self.rule)]}"#)
        #expect(change?.groupID == CallRecord.group)
        #expect(change?.rules.map(\.id) == ["sgr-0123456789abcdef0", "sgr-0123456789abcdef0"])
        #expect(change?.rules.map { $0.traffic == nil } == [true, false])
        #expect(change?.unread?.hasSuffix(#"CidrIpv4: is no CIDR block: "0.0.0.0/00""#) == true)
        #expect(change?.mayHaveMoreRules == false)
    }
}

@Suite struct CreateTests {
    private func decode(_ response: String) -> DecodedMessage {
        let request = #"{"groupName":"web","groupDescription":"web","vpcId":"vpc-0123456789abcdef0"}"#
        return DecodedMessage(
            body: CallRecord(eventName: "CreateSecurityGroup", request: request, response: response).json
        )
    }

    @Test func `a new group comes with all egress`() {
        let message = decode(#"{"_return":true,"groupId":"sg-0a1b2c3d4e5f60718"}"#)
        #expect(message.change?.kind == .egressAdded)
        #expect(message.change?.groupID == CallRecord.group)
        #expect(message.rules == ["egress all traffic to 0.0.0.0/0"])
    }

    @Test func `a new group without an id is undecodable`() {
        #expect(decode("null").unreadable?.detail == "responseElements.groupId: missing")
    }
}

@Suite struct IgnoredTests {
    @Test(arguments: [
        "DeleteSecurityGroup", "UpdateSecurityGroupRuleDescriptionsIngress", "RunInstances",
        "authorizesecuritygroupingress",
    ])
    func `other calls are no rule change`(name: String) {
        #expect(DecodedMessage(body: CallRecord(eventName: name).json).ignoreReason == .notARuleChange)
    }

    @Test(arguments: [("eventSource", "null"), ("eventSource", "7"), ("eventSource", nil), ("eventName", #""""#)])
    func `a record that does not say what it is about is undecodable`(name: String, value: String?) {
        let unreadable = DecodedMessage(body: CallRecord(members: [name: value]).json).unreadable
        #expect(unreadable?.reason == .undecodable)
        #expect(unreadable?.detail == "\(name): missing")
        #expect(unreadable?.event?.eventID == "e0000000-1111-2222-3333-444444444444")
    }

    @Test func `an id beside detail is two records in one`() {
        let body = #"{"eventID":"e-1","detail":\#(CallRecord().json)}"#
        let unreadable = DecodedMessage(body: body).unreadable
        #expect(unreadable?.reason == .undecodable)
        #expect(unreadable?.event?.eventID == "e-1")
    }

    @Test(arguments: [(#""NetworkActivity""#, true), (#""Data""#, true), (#""Management""#, false), ("null", false)])
    func `only records of management events are rule changes`(category: String, isIgnored: Bool) {
        let answer = ruleSet(answeredRule(#""cidrIpv4":"0.0.0.0/0""#))
        let message = DecodedMessage(body: CallRecord(response: answer, members: ["eventCategory": category]).json)
        #expect(message.ignoreReason == (isIgnored ? .notARuleChange : nil))
        #expect((message.change == nil) == isIgnored)
    }

    @Test(arguments: [
        ("DeleteSecurityGroup", #"{"groupId":"sg-0a1b2c3d4e5f60718"}"#, "null"),
        ("AuthorizeSecurityGroupIngress", #"{"groupId":"sg-0a1b2c3d4e5f60718"}"#, "null"),
        (
            "ModifySecurityGroupRules", #"{"ModifySecurityGroupRulesRequest":{"GroupId":"sg-0a1b2c3d4e5f60718"}}"#,
            "null"
        ),
        ("CreateSecurityGroup", #"{"groupName":"web"}"#, #"{"groupId":"sg-0a1b2c3d4e5f60718"}"#),
    ])
    func `an ignored call names its group`(name: String, request: String, response: String) {
        let record = CallRecord(
            eventName: name,
            request: request,
            response: response,
            members: ["errorCode": #""Client.UnauthorizedOperation""#]
        )
        let message = DecodedMessage(body: record.json)
        #expect(message.ignoreReason != nil)
        #expect(message.event?.groupID == CallRecord.group)
    }

    @Test(arguments: [("CreateTags", false), ("DeleteTags", true)])
    func `a change of the tags of groups is told`(name: String, isRemoval: Bool) {
        let request =
            #"{"resourcesSet":{"items":[{"resourceId":"i-1"},{"resourceId":"\#(CallRecord.group)"}]},"#
            + #""tagSet":{"items":[{"key":"sg-revert","value":"x"}]}}"#
        let event = DecodedMessage(body: CallRecord(eventName: name, request: request).json).event
        #expect(event?.tagChange?.groupIDs == [CallRecord.group])
        #expect(event?.tagChange?.keys == ["sg-revert"])
        #expect(event?.tagChange?.isRemoval == isRemoval)
        let failed = CallRecord(eventName: name, request: request, members: ["errorCode": #""Client.X""#])
        #expect(DecodedMessage(body: failed.json).event?.tagChange == nil)
    }

    @Test func `tags of other things are none of our business`() {
        let request = #"{"resourcesSet":{"items":[{"resourceId":"i-1"}]},"tagSet":{}}"#
        let event = DecodedMessage(body: CallRecord(eventName: "CreateTags", request: request).json).event
        #expect(event != nil)
        #expect(event?.tagChange == nil)
    }

    @Test(arguments: [
        #"{"prefixListId":"pl-0123456789abcdef0"}"#,
        #"{"ModifyManagedPrefixListRequest":{"PrefixListId":"pl-0123456789abcdef0"}}"#,
    ])
    func `a change of a prefix list names the list`(request: String) {
        let event = DecodedMessage(body: CallRecord(eventName: "ModifyManagedPrefixList", request: request).json).event
        #expect(event?.changedPrefixListID == "pl-0123456789abcdef0")
    }

    @Test(arguments: [#""rds.amazonaws.com""#, #""ec2.amazonaws.com.example""#])
    func `other services are no rule change, whatever their calls are named`(source: String) {
        let body = CallRecord(members: ["eventSource": source]).json
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
        let record = CallRecord(request: permissions(item), response: "null", members: members)
        #expect(DecodedMessage(body: record.json).ignoreReason == .callFailed)
    }

    @Test func `an empty error is none`() {
        let record = CallRecord(
            response: ruleSet(answeredRule(#""cidrIpv4":"0.0.0.0/0""#)),
            members: ["errorCode": #""""#, "errorMessage": "null"]
        )
        #expect(DecodedMessage(body: record.json).change != nil)
    }

    @Test func `that it is no rule change is said before that it failed`() {
        let record = CallRecord(
            eventName: "DeleteSecurityGroup",
            members: ["errorCode": #""Client.DependencyViolation""#]
        )
        let message = DecodedMessage(body: record.json)
        #expect(message.ignoreReason == .notARuleChange)
        #expect(message.event?.errorCode == "Client.DependencyViolation")
    }
}
