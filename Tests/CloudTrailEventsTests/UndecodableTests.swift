import CloudTrailEvents
import SecurityGroups
import TestSupport
import Testing

/// A rule that is dropped silently would stand for ever, so whatever of an Authorize cannot be read is told by name.
@Suite struct UnreadRuleTests {
    private static let range = #""ipRanges":{"items":[{"cidrIp":"192.0.2.0/24"}]}"#
    private static let ssh = #""ipProtocol":"tcp","fromPort":22,"toPort":22"#

    @discardableResult
    private func expect(_ record: CallRecord, unread: String) -> SecurityGroupChange? {
        let change = DecodedMessage(body: record.json).change
        #expect(change?.unread == unread)
        #expect(change?.groupID == CallRecord.group)
        return change
    }

    private func expect(_ record: CallRecord, detail: String) {
        let unreadable = DecodedMessage(body: record.json).unreadable
        #expect(unreadable?.reason == .undecodable)
        #expect(unreadable?.detail == detail)
        #expect(unreadable?.event?.eventID == "e0000000-1111-2222-3333-444444444444")
    }

    @Test(arguments: [
        (#"{"fromPort":22,"toPort":22,\#(range)}"#, ".ipProtocol: missing"),
        (#"{"ipProtocol":"tcpx",\#(range)}"#, #".ipProtocol: is no protocol: "tcpx""#),
        (#"{"ipProtocol":["tcp"],\#(range)}"#, ".ipProtocol: is not text"),
        (#"{"ipProtocol":"tcp","fromPort":"ssh",\#(range)}"#, #".fromPort: is no port: "ssh""#),
        (#"{"ipProtocol":"tcp","fromPort":22.5,\#(range)}"#, #".fromPort: is no port: "22.5""#),
        (#"{"ipProtocol":"tcp","fromPort":65536,\#(range)}"#, #".fromPort: is no port: "65536""#),
        (#"{"ipProtocol":"tcp","fromPort":-2,\#(range)}"#, #".fromPort: is no port: "-2""#),
        (#"{"ipProtocol":"tcp","toPort":1e999,\#(range)}"#, #".toPort: is no port: "1e999""#),
        (#"{"ipProtocol":"tcp","toPort":true,\#(range)}"#, ".toPort: is not text"),
        (
            #"{\#(ssh),"ipRanges":{"items":[{"cidrIp":"192.0.2.0/33"}]}}"#,
            #".ipRanges.items[0].cidrIp: is no CIDR block: "192.0.2.0/33""#
        ),
        (
            #"{\#(ssh),"ipRanges":{"items":[{"cidrIp":"a\n\u0085\u202e\u001b\"\ud800"}]}}"#,
            #".ipRanges.items[0].cidrIp: is no CIDR block: "a\n\u{0085}\u{202E}\u{1B}\"\u{FFFD}""#
        ),
        (#"{\#(ssh),"ipRanges":{"items":[{}]}}"#, ".ipRanges.items[0].cidrIp: missing"),
        (#"{\#(ssh),"ipRanges":{"items":"192.0.2.0/24"}}"#, ".ipRanges.items: is not a list"),
        (#"{\#(ssh),"ipRanges":{"cidrIp":"192.0.2.0/24"}}"#, ".ipRanges: has no items"),
        (#"{\#(ssh),\#(range),"ipv6Ranges":"::/0"}"#, ".ipv6Ranges: is not a list"),
        (#"{\#(ssh),\#(range),"groups":[{"userId":"1"}]}"#, ".groups[0].groupName: missing"),
        (#"{\#(ssh),\#(range),"prefixListIds":[null]}"#, ".prefixListIds[0].prefixListId: missing"),
        (#"{\#(ssh),"ipRanges":{}}"#, ": names no source or destination"),
    ])
    func `one unreadable item spoils the whole request`(item: String, detail: String) {
        let request = permissions(#"{\#(Self.ssh),\#(Self.range)},\#(item)"#)
        let change = expect(CallRecord(request: request), unread: "requestParameters.ipPermissions.items[1]\(detail)")
        #expect(change?.rules == [])
        #expect(change?.mayHaveMoreRules == true)
    }

    @Test(arguments: [
        (#""cidrIpv4":"0.0.0.0/0","cidrIpv6":"::/0""#, ": names 2 sources or destinations instead of one"),
        (#""referencedGroupInfo":{"userId":"111122223333"}"#, ": names 0 sources or destinations instead of one"),
        (#""cidrIpv4":"everywhere""#, #".cidrIpv4: is no CIDR block: "everywhere""#),
        (#""prefixListId":{}"#, ".prefixListId: is not text"),
    ])
    func `an answered rule that cannot be read is kept by its id`(peer: String, detail: String) {
        let rules = "\(answeredRule(#""cidrIpv4":"0.0.0.0/0""#)),\(answeredRule(peer, id: "sgr-00000000000000002"))"
        let change = expect(
            CallRecord(response: ruleSet(rules)),
            unread: "responseElements.securityGroupRuleSet.items[1]\(detail)"
        )
        #expect(change?.rules.map(\.id) == ["sgr-0123456789abcdef0", "sgr-00000000000000002"])
        #expect(change?.rules.map { $0.traffic == nil } == [false, true])
        #expect(change?.mayHaveMoreRules == false)
    }

    @Test func `an answered rule without content and without id is not all that was added`() {
        let rules = "\(answeredRule(#""cidrIpv4":"0.0.0.0/0""#)),{}"
        let change = expect(
            CallRecord(response: ruleSet(rules)),
            unread: "responseElements.securityGroupRuleSet.items[1]: names 0 sources or destinations instead of one"
        )
        #expect(change?.rules.map(\.id) == ["sgr-0123456789abcdef0"])
        #expect(change?.mayHaveMoreRules == true)
    }

    @Test func `an answer may not contradict the event's direction`() {
        expect(
            CallRecord(response: ruleSet(answeredRule(#""cidrIpv4":"0.0.0.0/0""#, isEgress: true))),
            unread: "responseElements.securityGroupRuleSet.items[0].isEgress: is true, but the event is about ingress"
        )
    }

    @Test(arguments: [
        #"{"groupId":"sg-0a1b2c3d4e5f60718"}"#, #"{"groupId":"sg-0a1b2c3d4e5f60718","ipPermissions":{}}"#,
    ])
    func `a successful call without rules is suspicious, not empty`(request: String) {
        expect(CallRecord(request: request), unread: "requestParameters: a successful call that names no rule")
    }

    @Test func `omitted parameters leave the group that the answer names`() {
        let record = CallRecord(request: "null", response: ruleSet(#"{"groupId":"\#(CallRecord.group)"}"#))
        let change = expect(
            record,
            unread: "responseElements.securityGroupRuleSet.items[0]: names 0 sources or destinations instead of one"
        )
        #expect(change?.mayHaveMoreRules == true)
    }

    @Test func `a call without parameters names no group`() {
        expect(
            CallRecord(request: "null"),
            detail: "requestParameters.groupId: missing, and the answer names no group either"
        )
    }

    @Test func `of too many rules one more than may be is read`() {
        let ids = (0..<7000).map { "sgr-\(String(10_000_000 + $0))" }
        let answer = ruleSet(ids.map { answeredRule(#""cidrIpv4":"0.0.0.0/0""#, id: $0) }.joined(separator: ","))
        let added = DecodedMessage(body: CallRecord(response: answer).json).change
        #expect(added?.rules.count == SecurityGroupChange.maximumRules + 1)
        let request = #"{"groupId":"\#(CallRecord.group)","securityGroupRuleIds":\#(ids)}"#
        let removed = DecodedMessage(body: CallRecord(eventName: "RevokeSecurityGroupIngress", request: request).json)
            .change
        #expect(removed?.rules.count == SecurityGroupChange.maximumRules + 1)
    }

    @Test func `a call without a group is no change`() {
        expect(
            CallRecord(request: #"{"groupName":"default",\#(Self.ssh),"cidrIp":"0.0.0.0/0"}"#),
            detail: "requestParameters.groupId: missing, and the answer names no group either"
        )
    }

    @Test func `request and answer must name the same group`() {
        expect(
            CallRecord(
                request: #"{"groupId":"sg-0fedcba9876543210"}"#,
                response: ruleSet(answeredRule(#""cidrIpv4":"0.0.0.0/0""#))
            ),
            detail:
                "responseElements.securityGroupRuleSet.items[0].groupId: is another group than the rest of the call's"
        )
    }

    @Test func `one answer is about one group`() {
        let first = answeredRule(#""cidrIpv4":"0.0.0.0/0""#)
        let second = first.replacing(CallRecord.group, with: "sg-0fedcba9876543210")
        expect(
            CallRecord(request: "{}", response: ruleSet("\(first),\(second)")),
            detail:
                "responseElements.securityGroupRuleSet.items[1].groupId: is another group than the rest of the call's"
        )
    }
}
