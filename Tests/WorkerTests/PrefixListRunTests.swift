import AWSClient
import Foundation
import SecurityGroups
import TestSupport
import Testing

@testable import Worker

@Suite struct PrefixListRunTests {
    private static let list = "pl-0a1b2c3d"

    @Test(arguments: [(["10.0.0.0/8"], "allowed"), (["10.0.0.0/8", "8.0.0.0/8"], "reverted")])
    func `a rule for a prefix list is judged by the entries of the list`(
        entries: [String],
        outcome: String
    ) async throws {
        let policy = Policy(
            watch: [Watch(groups: [Name.group], origin: "watch")],
            forbid: [Forbid(sources: [.publicAddresses], origin: "forbid")],
            expandPrefixLists: true
        )
        let it = try Pipeline(policy: policy)
        let live = try liveRule(1)
        let traffic = RuleTraffic(ipProtocol: .tcp, fromPort: 21, toPort: 21, peer: .prefixList(Self.list))
        let rule = LiveRule(
            id: live.id,
            groupID: live.groupID,
            rule: SecurityGroupRule(direction: .ingress, traffic: traffic),
            ruleDescription: nil
        )
        let items = entries.map { "<item><cidr>\($0)</cidr></item>" }.joined()
        it.aws.with {
            $0.rules[Name.rule(1)] = rule
            $0.refusals["GetManagedPrefixListEntries"] = [.text("<R><entrySet>\(items)</entrySet></R>")]
        }
        var record = it.record
        let set =
            #"[{"groupId":"\#(Name.group)","securityGroupRuleId":"\#(Name.rule(1))","isEgress":false,"#
            + #""ipProtocol":"tcp","fromPort":21,"toPort":21,"prefixListId":"\#(Self.list)"}]"#
        record.members["responseElements"] = #"{"_return":true,"securityGroupRuleSet":{"items":\#(set)}}"#
        _ = try await it.process(it.message(record.json))
        #expect(try it.test.event("outcome") == outcome)
        #expect(it.aws.count(of: "GetManagedPrefixListEntries") == 1)
    }

    @Test func `a record that names a thousand prefix lists costs ten calls`() async throws {
        let policy = Policy(
            watch: [Watch(groups: [Name.group], origin: "watch")],
            forbid: [Forbid(sources: [.publicAddresses], origin: "forbid")],
            expandPrefixLists: true
        )
        let it = try Pipeline(policy: policy)
        let unknown = HTTPResponse.ec2Error("InvalidPrefixListID.NotFound", status: 400)
        it.aws.with { $0.refusals["GetManagedPrefixListEntries"] = Array(repeating: unknown, count: 2000) }
        var record = it.record
        let set = (1...1000).map {
            #"{"groupId":"\#(Name.group)","securityGroupRuleId":"\#(Name.rule($0))","isEgress":false,"#
                + #""ipProtocol":"tcp","fromPort":21,"toPort":21,"prefixListId":"pl-\#($0)"}"#
        }
        record.members["responseElements"] =
            #"{"_return":true,"securityGroupRuleSet":{"items":[\#(set.joined(separator: ","))]}}"#
        _ = try await it.process(it.message(record.json))
        #expect(try it.test.event("outcome") == "unchanged")
        #expect(it.aws.count(of: "GetManagedPrefixListEntries") == 10)
    }
}
