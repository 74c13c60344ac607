import CloudTrailEvents
import SecurityGroups
import TestSupport
import Testing

/// One test for each shape in which an Authorize was seen.
@Suite struct AuthorizeTests {
    private func decode(_ request: String, egress: Bool = false) -> DecodedMessage {
        let name = "AuthorizeSecurityGroup\(egress ? "Egress" : "Ingress")"
        return DecodedMessage(body: CallRecord(eventName: name, request: request).json)
    }

    @Test func `the structured form is read from the request when the answer has no rules`() {
        let item =
            #"{"ipProtocol":"tcp","fromPort":22,"toPort":23,"#
            + #""ipRanges":{"items":[{"cidrIp":"0.0.0.0/0","description":"x"}]}}"#
        let change = decode(permissions(item)).change
        #expect(change?.kind == .ingressAdded)
        #expect(change?.groupID == CallRecord.group)
        #expect(change?.rules.map(\.rule?.description) == ["ingress tcp 22-23 from 0.0.0.0/0"])
        #expect(change?.rules.map(\.id) == [nil])
        #expect(change?.rules.map(\.ruleDescription) == ["x"])
    }

    @Test func `the answer counts before the request and brings the ids`() {
        let record = CallRecord(
            request: permissions(
                #"{"ipProtocol":"tcp","fromPort":22,"toPort":22,"ipRanges":{"items":[{"cidrIp":"0.0.0.0/0"}]}}"#
            ),
            response: ruleSet(
                answeredRule(
                    #""cidrIpv4":"10.1.2.3/8","description":"old office","securityGroupRuleArn":"arn:aws:ec2:x""#
                )
            )
        )
        let rule = DecodedMessage(body: record.json).change?.rules.first
        #expect(rule?.id == "sgr-0123456789abcdef0")
        #expect(rule?.rule?.description == "ingress tcp 22 from 10.0.0.0/8")
        #expect(rule?.ruleDescription == "old office")
    }

    @Test(arguments: [
        (#""cidrIpv4":"192.0.2.0/24""#, "192.0.2.0/24"),
        (#""cidrIpv6":"2001:DB8:0:0::/32""#, "2001:db8::/32"),
        (#""prefixListId":"pl-0123456789abcdef0""#, "pl-0123456789abcdef0"),
        (#""referencedGroupInfo":{"groupId":"sg-0fedcba9876543210","userId":"444455556666"}"#, "sg-0fedcba9876543210"),
        (#""cidrIpv4":"192.0.2.0/24","cidrIpv6":null,"prefixListId":"","referencedGroupInfo":{}"#, "192.0.2.0/24"),
    ])
    func `an answered rule has one peer of any family`(peer: String, text: String) {
        let body = CallRecord(response: ruleSet(answeredRule(peer))).json
        #expect(DecodedMessage(body: body).rules == ["ingress tcp 22 from \(text)"])
    }

    @Test func `an egress event makes egress rules`() {
        let record = CallRecord(
            eventName: "AuthorizeSecurityGroupEgress",
            response: ruleSet(answeredRule(#""cidrIpv4":"0.0.0.0/0""#, isEgress: true))
        )
        let message = DecodedMessage(body: record.json)
        #expect(message.change?.kind == .egressAdded)
        #expect(message.rules == ["egress tcp 22 to 0.0.0.0/0"])
    }

    @Test(arguments: [#"{}"#, "[]", "null", #"{"items":[]}"#, #"{"items":null}"#, "absent"])
    func `an unused family is empty in every spelling`(empty: String) {
        let families = ["groups", "ipv6Ranges", "prefixListIds"]
        let unused = empty == "absent" ? "" : families.map { ",\"\($0)\":\(empty)" }.joined()
        let item =
            #"{"ipProtocol":"udp","fromPort":53,"toPort":53,"#
            + #""ipRanges":{"items":[{"cidrIp":"192.0.2.1/32"}]}\#(unused)}"#
        #expect(decode(permissions(item)).rules == ["ingress udp 53 from 192.0.2.1/32"])
    }

    @Test(arguments: ["{}", "[]", "null", #"{"items":[]}"#])
    func `the flat form stands beside empty permissions`(empty: String) {
        let request =
            #"{"groupId":"\#(CallRecord.group)","ipPermissions":\#(empty),"ipProtocol":"tcp","fromPort":22,"toPort":22,"#
            + #""cidrIp":"208.236.235.254/0"}"#
        #expect(decode(request).rules == ["ingress tcp 22 from 0.0.0.0/0"])
    }

    @Test func `the flat form may name a source group`() {
        let request =
            #"{"groupId":"\#(CallRecord.group)","ipProtocol":"tcp","fromPort":1,"toPort":2,"#
            + #""sourceSecurityGroupName":"web","sourceSecurityGroupOwnerId":"111122223333"}"#
        #expect(decode(request).change?.rules.map(\.traffic?.peer) == [.groupName("web")])
    }

    @Test(arguments: [
        "", #","fromPort":0,"toPort":0"#, #","fromPort":0,"toPort":65535"#, #","fromPort":-1,"toPort":-1"#,
    ])
    func `all protocols is one rule in each of its four spellings`(ports: String) {
        let item = #"{"ipProtocol":"-1"\#(ports),"ipRanges":{"items":[{"cidrIp":"0.0.0.0/0"}]}}"#
        #expect(decode(permissions(item), egress: true).rules == ["egress all traffic to 0.0.0.0/0"])
    }

    @Test(arguments: [
        (#""ipProtocol":"icmp","fromPort":8,"toPort":0"#, "icmp type 8 code 0"),
        (#""ipProtocol":"icmp","fromPort":8,"toPort":-1"#, "icmp type 8"),
        (#""ipProtocol":"icmp","fromPort":-1,"toPort":-1"#, "icmp all types"),
        (#""ipProtocol":"icmpv6""#, "icmpv6 all types"),
        (#""ipProtocol":"TCP","fromPort":"22","toPort":"22""#, "tcp 22"),
        (#""ipProtocol":"6","fromPort":22.0,"toPort":2.2e1"#, "tcp 22"),
        (#""ipProtocol":17,"fromPort":53,"toPort":53"#, "udp 53"),
        (#""ipProtocol":"tcp","fromPort":null,"toPort":null"#, "tcp 0-65535"),
        (#""ipProtocol":"50","fromPort":0,"toPort":0"#, "protocol 50"),
    ])
    func `protocol and ports come in many spellings`(traffic: String, words: String) {
        let item = #"{\#(traffic),"ipRanges":{"items":[{"cidrIp":"192.0.2.0/24"}]}}"#
        #expect(decode(permissions(item)).rules == ["ingress \(words) from 192.0.2.0/24"])
    }

    @Test func `one item with all families is one rule for each source`() {
        let item =
            #"{"ipProtocol":"tcp","fromPort":443,"toPort":443,"#
            + #""ipRanges":{"items":[{"cidrIp":"192.0.2.0/24"},{"cidrIp":"198.51.100.0/24"}]},"#
            + #""ipv6Ranges":{"items":[{"cidrIpv6":"::/0"}]},"#
            + #""prefixListIds":{"items":[{"prefixListId":"pl-1234abcd"}]},"#
            + #""groups":{"items":[{"groupId":"sg-0fedcba9876543210","userId":"444455556666"},{"groupName":"web"}]}}"#
        #expect(
            decode(permissions(item)).change?.rules.map(\.traffic?.peer.description)
                == ["192.0.2.0/24", "198.51.100.0/24", "::/0", "pl-1234abcd", "sg-0fedcba9876543210", "web"]
        )
    }

    @Test func `the console's two items are two rules`() {
        let v4 =
            #"{"ipProtocol":"tcp","fromPort":55,"toPort":55,"#
            + #""ipRanges":{"items":[{"cidrIp":"0.0.0.0/0"}]},"ipv6Ranges":{}}"#
        let v6 =
            #"{"ipProtocol":"tcp","fromPort":55,"toPort":55,"#
            + #""ipRanges":{},"ipv6Ranges":{"items":[{"cidrIpv6":"::/0"}]}}"#
        #expect(
            decode(permissions("\(v4),\(v6)")).rules == ["ingress tcp 55 from 0.0.0.0/0", "ingress tcp 55 from ::/0"]
        )
    }

    @Test func `a list of one may be an object, and a list may be bare`() {
        let item = #"{"ipProtocol":"tcp","fromPort":1,"toPort":1,"ipRanges":[{"cidrIp":"192.0.2.1"}]}"#
        let request = #"{"groupId":"\#(CallRecord.group)","ipPermissions":{"items":\#(item)}}"#
        #expect(decode(request).rules == ["ingress tcp 1 from 192.0.2.1/32"])
    }

    @Test func `a group may refer to itself`() {
        let item =
            #"{"ipProtocol":"tcp","fromPort":0,"toPort":65535,"groups":{"items":[{"groupId":"\#(CallRecord.group)"}]}}"#
        #expect(decode(permissions(item)).change?.rules.map(\.traffic?.peer) == [.group(CallRecord.group)])
    }

    @Test(arguments: ["", #""groupId":null,"#, #""groupId":"","#])
    func `a call by the group's name has the id in its answer`(groupID: String) {
        let record = CallRecord(
            request:
                #"{\#(groupID)"groupName":"default","ipProtocol":"tcp","fromPort":22,"toPort":22,"cidrIp":"0.0.0.0/0"}"#,
            response: ruleSet(answeredRule(#""cidrIpv4":"0.0.0.0/0""#))
        )
        #expect(DecodedMessage(body: record.json).change?.groupID == CallRecord.group)
    }

    @Test func `unknown members do not matter`() {
        let rule = answeredRule(#""cidrIpv4":"0.0.0.0/0","tagSet":{"items":[7]},"new":{"a":[[]]}"#)
        let record = CallRecord(response: ruleSet(rule), members: ["future": #"{"x":1e400}"#])
        #expect(DecodedMessage(body: record.json).rules == ["ingress tcp 22 from 0.0.0.0/0"])
    }
}
