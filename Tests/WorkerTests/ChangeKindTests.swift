import Foundation
import Ledger
import SecurityGroups
import Synchronization
import TestSupport
import Testing

@testable import Worker

/// A modified rule is judged by what it says now.
@Suite struct ModifiedRuleTests {
    private static func policy(limit: Int? = nil) throws -> Policy {
        .watching(.ingressAdded, .ruleModified, allow: [try .port(21)], limit: limit)
    }

    @Test
    func `what the ledger knew of the rule is restored, with its description, and undo is what it was changed to`()
        async throws
    {
        let it = try Pipeline(standing: [1], policy: Self.policy())
        _ = try await it.process(it.message(it.record.json))
        #expect(try it.test.event("outcome") == "allowed")
        let edited = try liveRule(1, port: 99, description: "it's mine")
        it.aws.with { $0.rules[Name.rule(1)] = edited }
        let record = RecordText.modify(1, port: 99, time: it.time.now)
        #expect(try await it.process(it.message(record.json, id: "m2")) == .delete)
        #expect(try it.test.event("outcome", "modify") == "reverted")
        #expect(try it.test.rules("outcome", "modify") == ["reverted"])
        #expect(try it.test.rules("from_port", "modify") == ["99"])
        #expect(try it.test.rules("reason", "modify") == ["watch; restore ingress tcp 21 from 0.0.0.0/0"])
        let undo = try #require(try it.test.rules("undo", "modify").first ?? nil)
        #expect(undo.hasPrefix("aws ec2 modify-security-group-rules --region eu-west-1"))
        #expect(undo.contains(#""FromPort":99,"#) && undo.contains(#"'\''"#))
        let stands = try #require(it.aws.with { $0.rules[Name.rule(1)] })
        #expect(stands.rule == Fixture.rule(port: 21) && it.aws.with { $0.revokes }.isEmpty)
    }

    @Test func `without a content that may stand, the rule is revoked, and the reason says so`() async throws {
        let it = try Pipeline(policy: Self.policy())
        let edited = try liveRule(1, port: 99)
        it.aws.with { $0.rules[Name.rule(1)] = edited }
        let record = RecordText.modify(1, port: 99, time: it.time.now)
        #expect(try await it.process(it.message(record.json)) == .delete)
        #expect(try it.test.event("outcome", "modify") == "reverted")
        #expect(try it.test.rules("reason", "modify") == ["watch; revoke, what may stand again is not known"])
        #expect(it.aws.with { $0.rules }.isEmpty)
    }

    @Test func `what the policy has come to forbid since is not restored`() async throws {
        let it = try Pipeline(standing: [1], policy: Self.policy())
        _ = try await it.process(it.message(it.record.json))
        it.policies.replace(with: .watching(.ruleModified, allow: [try .port(443)]))
        let edited = try liveRule(1, port: 99)
        it.aws.with { $0.rules[Name.rule(1)] = edited }
        _ = try await it.process(it.message(RecordText.modify(1, port: 99, time: it.time.now).json, id: "m2"))
        #expect(it.aws.with { $0.rules }.isEmpty)
    }

    @Test func `where another rule says by now what this one said, the rule is revoked`() async throws {
        let it = try Pipeline(standing: [1], policy: Self.policy())
        _ = try await it.process(it.message(it.record.json))
        let edited = try liveRule(1, port: 99)
        let twin = try liveRule(2, port: 21)
        it.aws.with { $0.rules = [Name.rule(1): edited, Name.rule(2): twin] }
        _ = try await it.process(it.message(RecordText.modify(1, port: 99, time: it.time.now).json, id: "m2"))
        #expect(try it.test.event("outcome", "modify") == "reverted")
        #expect(it.aws.with { Array($0.rules.keys) } == [Name.rule(2)])
    }

    @Test func `while the event is young, what a rule says may be what it said before; then it is judged as it is`()
        async throws
    {
        let it = try Pipeline(standing: [1], policy: Self.policy())
        _ = try await it.process(it.message(RecordText.modify(1, port: 99, time: it.time.now).json))
        #expect(it.time.slept.reduce(.zero, +) >= .seconds(15))
        #expect(try it.test.event("outcome", "modify") == "allowed")
        #expect(it.aws.with { $0.rules.count } == 1)
    }

    @Test func `a dry run says what it would do, and does nothing`() async throws {
        let it = try Pipeline(policy: Self.policy(), isDryRun: true)
        let edited = try liveRule(1, port: 99)
        it.aws.with { $0.rules[Name.rule(1)] = edited }
        _ = try await it.process(it.message(RecordText.modify(1, port: 99, time: it.time.now).json))
        #expect(try it.test.event("outcome", "modify") == "reported")
        #expect(try it.test.rules("reason", "modify") == ["watch; revoke, what may stand again is not known"])
        #expect(it.aws.with { $0.rules.count } == 1)
    }
}

/// A removed rule is put back where a watch asks for it.
@Suite struct RemovedRuleTests {
    private func record(_ it: Pipeline, isByID: Bool = false) -> RecordText {
        .remove(1, isByID: isByID, time: it.time.now - 60)
    }

    /// A pipeline whose ledger saw rule 1 stand approved, before somebody took it away.
    private func approved(isDryRun: Bool = false, aws: ScriptedAWS? = nil) async throws -> Pipeline {
        let policy = Policy.watching(.ingressAdded, .ingressRemoved, allow: [try .port(21)])
        let it = try Pipeline(policy: policy, isDryRun: isDryRun, time: aws?.time ?? VirtualTime(), aws: aws)
        let rule = try liveRule(1, port: 21, description: "it's ours")
        it.aws.with { $0.rules[Name.rule(1)] = rule }
        _ = try await it.process(it.message(it.record.json, id: "m0"))
        #expect(try it.test.event("outcome") == "allowed")
        it.aws.with { $0.rules = [:] }
        return it
    }

    @Test func `it comes back with its description, and undo is to revoke it by its new id`() async throws {
        let it = try await approved()
        #expect(try await it.process(it.message(record(it).json)) == .delete)
        #expect(try it.test.event("outcome", "remove") == "reverted")
        let back = try #require(it.aws.with { $0.rules.values.first })
        #expect(back.rule == Fixture.rule(port: 21) && back.ruleDescription == "it's ours")
        #expect(
            try it.test.rules("undo", "remove") == [
                "aws ec2 revoke-security-group-ingress --region eu-west-1 --group-id \(Name.group)"
                    + " --security-group-rule-ids \(back.id)"
            ]
        )
        // CloudTrail tells of our own call, too.
        var own = it.record
        own.eventID = "own"
        own.members["requestID"] = "\"req-1\""
        it.policies.replace(with: .watching(.ingressAdded, .ingressRemoved))
        _ = try await it.process(it.message(own.json, id: "m2"))
        #expect(try it.test.event("reason", "own") == "own-change")
        #expect(it.aws.with { $0.rules.count } == 1)
    }

    @Test func `what the policy has come to forbid while the run waited is not put back`() async throws {
        let policies = Mutex<PolicyStore?>(nil)
        let aws = ScriptedAWS(time: VirtualTime()) { action in
            guard action == "DescribeSecurityGroupRules" else { return }
            policies.withLock(\.self)?.replace(with: .watching(.ingressAdded, .ingressRemoved))
        }
        let it = try await approved(aws: aws)
        policies.withLock { $0 = it.policies }
        #expect(try await it.process(it.message(record(it).json)) == .delete)
        #expect(try it.test.rules("outcome", "remove") == ["not-restored"])
        #expect(it.aws.with { $0.rules.isEmpty && $0.amendments.isEmpty })
    }

    @Test func `an answer that does not name the rule is proven by a look`() async throws {
        let it = try await approved()
        it.aws.with { $0.isSilent = true }
        _ = try await it.process(it.message(record(it).json))
        #expect(try it.test.event("outcome", "remove") == "reverted")
        #expect(try it.test.rules("undo", "remove").first??.contains("revoke-security-group-ingress") == true)
    }

    @Test(arguments: [true, false])
    func `a rule that somebody else put back is left at that`(isSeen: Bool) async throws {
        let it = try await approved()
        if isSeen {
            let back = try liveRule(7, port: 21)
            it.aws.with { $0.rules[Name.rule(7)] = back }
        } else {
            it.aws.with { $0.refusals["AuthorizeSecurityGroupIngress"] = [.ec2Error("InvalidPermission.Duplicate")] }
        }
        #expect(try await it.process(it.message(record(it).json)) == .delete)
        #expect(try it.test.event("outcome", "remove") == "unchanged")
        #expect(it.aws.with { $0.amendments }.isEmpty)
    }

    @Test func `a group that is gone needs no rules`() async throws {
        let it = try await approved()
        it.aws.with { $0.refusals["AuthorizeSecurityGroupIngress"] = [.ec2Error("InvalidGroup.NotFound")] }
        _ = try await it.process(it.message(record(it).json))
        #expect(try it.test.rules("outcome", "remove") == ["already-gone"])
    }

    @Test func `a rule that had been added against the policy stays away, whoever removed it`() async throws {
        let it = try Pipeline(standing: [1], policy: .watching(.ingressAdded, .ingressRemoved), isDryRun: true)
        _ = try await it.process(it.message(it.record.json))
        #expect(try it.test.event("outcome") == "reported")
        it.aws.with { $0.rules = [:] }
        _ = try await it.process(it.message(RecordText.remove(1, time: it.time.now).json, id: "m2"))
        #expect(try it.test.event("outcome", "remove") == "allowed")
        #expect(try it.test.rules("reason", "remove").first??.contains("forbade it when it was added") == true)
        // The record of the addition may come later than that of the removal, so this waits for twice as long.
        #expect(it.time.slept.reduce(.zero, +) >= .seconds(30))
    }

    @Test func `a rule that the policy forbids is not put back`() async throws {
        let it = try Pipeline(policy: .watching(.ingressAdded, .ingressRemoved, allow: [try .port(443)]))
        _ = try await it.process(it.message(record(it).json))
        #expect(try it.test.event("outcome", "remove") == "allowed")
        #expect(it.aws.with { $0.calls }.contains("AuthorizeSecurityGroupIngress") == false)
    }

    @Test func `what our role revoked, on whatever host, is our own change`() async throws {
        let it = try Pipeline(policy: .watching(.ingressRemoved))
        var record = record(it)
        record.members["userIdentity"] =
            #"{"type":"AssumedRole","sessionContext":{"sessionIssuer":{"#
            + #""arn":"arn:aws:iam::111122223333:role/service/sg-revert"}}}"#
        _ = await it.identity.ask()
        _ = try await it.process(it.message(record.json))
        #expect(try it.test.event("reason", "remove") == "own-change")
        #expect(it.aws.with { $0.rules }.isEmpty)
    }

    @Test func `a rule known by id alone comes back as the ledger knew it, and is not restored where it never did`()
        async throws
    {
        let it = try Pipeline(policy: .watching(.ingressAdded, .ingressRemoved, allow: [try .port(21)]))
        #expect(try await it.process(it.message(record(it, isByID: true).json)) == .delete)
        #expect(try it.test.event("outcome", "remove") == "not-restored")
        try it.aws.stand([1])
        it.time.advance(.seconds(1))

        _ = try await it.process(it.message(it.record.json, id: "m2"))
        it.aws.with { $0.rules = [:] }
        var later = RecordText.remove(1, isByID: true, time: it.time.now)
        later.eventID = "later"
        _ = try await it.process(it.message(later.json, id: "m3"))
        #expect(try it.test.event("outcome", "later") == "reverted")
        #expect(it.aws.with { $0.rules.values.map(\.rule) } == [Fixture.rule(port: 21)])
    }

    @Test func `a dry run puts nothing back`() async throws {
        let it = try await approved(isDryRun: true)
        _ = try await it.process(it.message(record(it).json))
        #expect(try it.test.event("outcome", "remove") == "reported")
        #expect(it.aws.with { $0.rules }.isEmpty)
    }

    @Test func `a worker that died after it put the rule back knows it as its doing`() async throws {
        let it = try Pipeline(policy: .watching(.ingressRemoved))
        let back = try liveRule(7, port: 21)
        let text = record(it)
        let facts = EventFacts(
            eventID: "remove",
            digest: text.digest,
            eventName: "RevokeSecurityGroupIngress",
            groupID: Name.group
        )
        let now = it.time.now
        try await it.writer.write { transaction in
            let delivery = Delivery(messageID: "m1", receivedAt: now)
            let claim = try #require(try transaction.claim(facts, delivery: delivery).claim)
            try transaction.remember(matched: [Name.rule(1)], for: claim)
        }
        it.time.advance(.seconds(61))
        it.aws.with { $0.rules[Name.rule(7)] = back }
        _ = try await it.process(it.message(text.json))
        #expect(try it.test.event("outcome", "remove") == "reverted")
        #expect(try it.test.rules("rule_id", "remove") == [Name.rule(7)])
    }
}

/// A new group comes with egress that no call added.
@Suite struct NewGroupTests {
    private func egress(_ number: Int, _ block: String) throws -> LiveRule {
        try Fixture.live(number, Fixture.rule(.egress, .all, port: nil, from: Peer(block)))
    }

    @Test(arguments: [["0.0.0.0/0"], ["0.0.0.0/0", "::/0"]]
    )
    func `the egress of a new group is found by what it says, in a VPC with IPv6 as well, and revoked by id`(
        blocks: [String]
    ) async throws {
        let it = try Pipeline(policy: .watching(.egressAdded))
        for (index, block) in blocks.enumerated() {
            let rule = try egress(index + 5, block)
            it.aws.with { $0.rules[rule.id.description] = rule }
        }
        #expect(try await it.process(it.message(RecordText.create(time: it.time.now).json)) == .delete)
        #expect(try it.test.event("outcome", "create") == "reverted")
        #expect(try it.test.rules("source", "create") == blocks)
        #expect(it.aws.with { $0.rules }.isEmpty)
        #expect(it.time.slept.isEmpty)
    }
}
