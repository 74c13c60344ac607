import CloudTrailEvents
import SecurityGroups
import TestSupport
import Testing

/// Thousands of damaged messages, the same ones on every run: each has an answer, and what is read from one is
@Suite struct MutationTests {
    private static let fixtures: [String] = {
        let mixed =
            #"{"ipProtocol":"tcp","fromPort":22,"toPort":"23","#
            + #""ipRanges":{"items":[{"cidrIp":"10.1.2.3/8","description":"\u00e9"}]},"#
            + #""ipv6Ranges":{"items":[{"cidrIpv6":"2001:DB8::1/64"}]},"#
            + #""groups":{"items":[{"groupId":"sg-0fedcba9876543210"}]},"#
            + #""prefixListIds":{"items":[{"prefixListId":"pl-1234abcd"}]}}"#
        let flat =
            #"{"groupId":"sg-0a1b2c3d4e5f60718","ipPermissions":{},"#
            + #""ipProtocol":"-1","fromPort":0,"toPort":0,"cidrIp":"::/0"}"#
        let byID =
            #"{"groupId":"sg-0a1b2c3d4e5f60718","#
            + #""securityGroupRuleIds":{"items":[{"securityGroupRuleId":"sgr-0123456789abcdef0"}]}}"#
        let modification =
            #"{"ModifySecurityGroupRulesRequest":{"GroupId":"sg-0a1b2c3d4e5f60718","SecurityGroupRule":"#
            + #"{"SecurityGroupRuleId":"sgr-0123456789abcdef0","tag":1,"SecurityGroupRule":"#
            + #"{"IpProtocol":"tcp","FromPort":22,"ToPort":"23","CidrIpv4":"10.1.2.3/8","Description":"x"}}}}"#
        let answer = ruleSet(answeredRule(#""cidrIpv4":"0.0.0.0/0""#))
        return [
            CallRecord(request: permissions(mixed)).json,
            CallRecord(request: flat).inEventBridge(),
            CallRecord(response: answer).inEventBridge(),
            inSNS(CallRecord(response: answer).inEventBridge()),
            CallRecord(eventName: "RevokeSecurityGroupEgress", request: permissions(mixed)).json,
            CallRecord(eventName: "RevokeSecurityGroupIngress", request: byID).json,
            CallRecord(eventName: "ModifySecurityGroupRules", request: modification).inEventBridge(),
            CallRecord(eventName: "CreateSecurityGroup", response: #"{"groupId":"sg-0a1b2c3d4e5f60718"}"#).json,
        ]
    }()

    @Test(arguments: fixtures.indices)
    func `every damaged message has an answer in canonical form`(index: Int) {
        var random = SeededGenerator(seed: UInt64(index))
        var changes = 0
        for _ in 0..<1500 {
            var text = Self.fixtures[index]
            for _ in 0..<Int.random(in: 1...3, using: &random) { text = mutate(text, using: &random) }
            switch DecodedMessage(body: text) {
            case .change(let event, let change):
                changes += 1
                #expect(!event.eventID.isEmpty)
                for rule in change.rules {
                    #expect(rule.traffic.map(isCanonical) ?? (rule.id != nil), "\(text)")
                }
                #expect(!change.rules.isEmpty || change.unread != nil, "\(text)")
                if change.kind == .ingressAdded {
                    #expect(change.groupID?.isEmpty == false, "\(text)")
                    let isWhole = change.rules.allSatisfy { $0.direction == .ingress && $0.traffic != nil }
                    #expect(isWhole || change.unread != nil, "\(text)")
                }
            case .ignored(let event, let reason):
                #expect(!event.eventID.isEmpty)
                #expect(reason == .notARuleChange || reason == .callFailed)
            case .unreadable(let message):
                #expect(
                    message.detail.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control },
                    "\(text)"
                )
                #expect(message.detail.utf8.count < 1000, "\(text)")
            }
        }
        // Mutations that never leave a readable message would test the JSON parser alone.
        #expect(changes > 50)
    }

    @Test(arguments: [
        ("x", "ipProtocol"), ("9", "fromPort"), ("1", "cidrIp"), ("/", "cidrIp"), ("\u{301}", "ipProtocol"),
    ])
    func `a very long field is told briefly`(text: String, key: String) {
        var fields = ["ipProtocol": "tcp", "fromPort": "22", "toPort": "22", "cidrIp": "192.0.2.0/24"]
        fields[key] = String(repeating: text, count: (1 << 17) / text.utf8.count)
        let members = fields.map { #""\#($0)":"\#($1)""# }.joined(separator: ",")
        let body = CallRecord(request: #"{"groupId":"\#(CallRecord.group)",\#(members)}"#).json
        let unread = DecodedMessage(body: body).change?.unread
        #expect(unread?.hasPrefix("requestParameters.\(key): is no") == true)
        #expect((unread?.utf8.count ?? .max) < 400)
    }

    @Test func `thousands of rules are read entirely`() {
        let ranges = Array(repeating: #"{"cidrIp":"192.0.2.0/24"}"#, count: 5_000).joined(separator: ",")
        let item = #"{"ipProtocol":"tcp","fromPort":22,"toPort":22,"ipRanges":{"items":[\#(ranges)]}}"#
        #expect(DecodedMessage(body: CallRecord(request: permissions(item)).json).change?.rules.count == 5_000)
    }

    private func isCanonical(_ rule: RuleTraffic) -> Bool {
        let again = RuleTraffic(
            ipProtocol: rule.ipProtocol,
            fromPort: rule.ports.from,
            toPort: rule.ports.to,
            peer: rule.peer
        )
        let peer =
            if case .cidr(let block) = rule.peer { CIDRBlock(block.description) == block } else {
                !rule.peer.description.isEmpty
            }
        return again == rule && IPProtocol(rule.ipProtocol.description) == rule.ipProtocol && peer
    }

    private func mutate(_ text: String, using random: inout SeededGenerator) -> String {
        var bytes = Array(text.utf8)
        guard !bytes.isEmpty else { return text }
        let start = Int.random(in: 0..<bytes.count, using: &random)
        let end = min(bytes.count, start + Int.random(in: 0...40, using: &random))
        switch Int.random(in: 0..<6, using: &random) {
        case 0: bytes[start] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.removeSubrange(start..<end)
        case 2: bytes.insert(contentsOf: bytes[start..<end], at: start)
        case 3: bytes.removeSubrange(start...)
        default: replaceValue(in: &bytes, after: start, using: &random)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Puts something else after the next colon, so that the text often stays JSON.
    private func replaceValue(in bytes: inout [UInt8], after start: Int, using random: inout SeededGenerator) {
        let values = [
            "null", "{}", "[]", "[null]", #"{"items":{}}"#, "true", "-1", "1e999", "0.5",
            "123456789012345678901234567890", #""""#,
            #""\u0000\u001b[31m""#, #""\ud800""#, #""22""#, #""0.0.0.0/33""#, #""::ffff:0:0/96""#, #""-1""#, #""\r\n""#,
        ]
        guard let colon = bytes[start...].firstIndex(of: UInt8(ascii: ":")),
            let end = bytes[(colon + 1)...].firstIndex(where: { UInt8(ascii: ",") == $0 || UInt8(ascii: "}") == $0 }),
            let value = values.randomElement(using: &random)
        else { return }
        bytes.replaceSubrange((colon + 1)..<end, with: value.utf8)
    }
}
