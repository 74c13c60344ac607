import AWSClient
import Foundation
import Ledger
import SecurityGroups
import TestSupport
import Testing

@testable import Worker

/// Access that was lent closes itself.
@Suite struct ExemptionKeeperTests {
    /// Adds a rule under the exemption, and brings its record.
    private func add(_ it: Keeper) async throws {
        try it.it.aws.stand([1])
        let record = RecordText(time: it.it.time.now)
        #expect(try await it.it.process(it.it.message(record.json)) == .delete)
    }

    private func notices(_ it: Keeper) async throws -> [String] {
        try await it.it.writer.write { try $0.takeNotices(limit: 20, lease: .seconds(60)).map(\.kind) }
    }

    @Test func `what was added under an exemption of the ledger stays until its end, and is then reverted once`()
        async throws
    {
        let it = try Keeper(Pipeline())
        await it.keeper.round(isWanted: true)
        try await it.lend()
        try await add(it)
        #expect(try it.it.test.event("outcome") == "allowed")
        await it.later()
        #expect(try it.standing() == [[Name.rule(1), "event", "exempt ex-1"]])
        it.it.time.advance(.seconds(3600))
        await it.keeper.round(isWanted: false)
        await it.keeper.round(isWanted: false)
        #expect(it.it.aws.with { $0.rules.isEmpty && $0.revokes.count == 1 })
        #expect(try it.events().contains(["ExemptionEnd", "reverted"]))
        #expect(try await notices(it).sorted() == ["exemption-begun", "exemption-ended", "reverted"])
    }

    @Test func `the record of another exempt caller that names no id does not keep what was lent`() async throws {
        let terraform = "arn:aws:iam::111122223333:role/terraform"
        let exemption = Exemption(name: "tf", principals: [Wildcard(terraform)], origin: "exempt tf")
        let policy = Policy(watch: [Watch(groups: [Name.group], origin: "watch")], exempt: [exemption])
        let it = try Keeper(Pipeline(policy: policy))
        try await it.lend(minutes: 1)
        try await add(it)
        var unnamed = RecordText(eventID: "unnamed", time: it.it.time.now).by(terraform)
        unnamed.hasRuleIDs = false
        #expect(try await it.it.process(it.it.message(unnamed.json)) == .delete)
        #expect(try it.it.test.event("outcome", "unnamed") == "unchanged")
        it.it.time.advance(.seconds(61))
        await it.keeper.round(isWanted: false)
        #expect(it.it.aws.with { $0.rules.isEmpty })
    }

    @Test func `a worker that has just started closes what another could not close at the end of an exemption`()
        async throws
    {
        let it = try Keeper(Pipeline())
        try await it.lend(minutes: 1)
        try await add(it)
        let denied = HTTPResponse.ec2Error("UnauthorizedOperation", status: 403)
        it.it.aws.with { $0.refusals["RevokeSecurityGroupIngress"] = [denied] }
        it.it.time.advance(.seconds(61))
        await it.keeper.round(isWanted: false)
        #expect(try it.events().contains(["ExemptionEnd", "failed"]))
        it.it.time.advance(.seconds(61))
        // It knows no exemption yet.
        it.it.policies.exempt([])
        try await it.keeper.resume()
        #expect(it.it.aws.with { $0.rules.isEmpty })
    }

    @Test func `with then: leave it stays`() async throws {
        let it = try Keeper(Pipeline())
        try await it.lend(then: .leave)
        try await add(it)
        it.it.time.advance(.seconds(3700))
        await it.keeper.round(isWanted: true)
        await it.later()
        #expect(it.it.aws.with { $0.rules.count } == 1)
    }

    @Test func `a rule that the policy has come to allow stays, and one that a person approved does`() async throws {
        for isApproved in [true, false] {
            let it = try Keeper(Pipeline(policy: .watching(.ingressAdded)))
            try await it.lend()
            try await add(it)
            if isApproved {
                _ = try await it.it.writer.write { try $0.approve(.rule(Name.rule(1)), by: "mia", reason: nil) }
            } else {
                it.it.policies.replace(with: .watching(.ingressAdded, allow: [try .port(21)]))
            }
            it.it.time.advance(.seconds(3601))
            await it.keeper.round(isWanted: true)
            await it.later()
            #expect(it.it.aws.with { $0.rules.count } == 1)
        }
    }

    @Test func `a rule that stayed at the end because the policy allowed it is closed once the policy no longer does`()
        async throws
    {
        let it = try Keeper(Pipeline(policy: .watching(.ingressAdded)))
        try await it.lend()
        try await add(it)
        it.it.policies.replace(with: .watching(.ingressAdded, allow: [try .port(21)]))
        it.it.time.advance(.seconds(3601))
        await it.keeper.round(isWanted: true)
        #expect(try it.events().contains(["ExemptionEnd", "allowed"]))
        it.it.policies.replace(with: .watching(.ingressAdded, allow: [try .port(99)]))
        await it.later()
        #expect(it.it.aws.with { $0.rules.isEmpty })
    }

    @Test func `a rule that a person approved before the record of an exempt caller came stays`() async throws {
        let it = try Keeper(Pipeline())
        await it.keeper.round(isWanted: true)
        try await it.lend()
        try it.it.aws.stand([1])
        let record = RecordText(time: it.it.time.now)
        it.it.time.advance(.seconds(901))
        await it.keeper.round(isWanted: false)
        _ = try await it.it.writer.write { try $0.approve(.rule(Name.rule(1)), by: "mia", reason: nil) }
        #expect(try await it.it.process(it.it.message(record.json)) == .delete)
        it.it.time.advance(.seconds(3600))
        await it.later()
        #expect(it.it.aws.with { $0.rules.count } == 1)
        #expect(try it.standing().map(\.last) == ["approved mia"])
    }

    @Test func `a rule that was lent before its group was first seen is closed all the same`() async throws {
        let it = try Keeper(Pipeline(standing: [1]))
        try await it.lend()
        let record = RecordText(time: it.it.time.now)
        await it.keeper.round(isWanted: true)
        #expect(try await it.it.process(it.it.message(record.json)) == .delete)
        #expect(try it.standing().map(\.last) == ["exempt ex-1"])
        it.it.time.advance(.seconds(3600))
        await it.keeper.round(isWanted: false)
        #expect(it.it.aws.with { $0.rules.isEmpty })
    }

    @Test func `an exemption that a person ends closes at once; a restart between changes nothing`() async throws {
        let first = try Keeper(Pipeline())
        try await first.lend()
        try await add(first)
        first.it.time.advance(.seconds(60))
        _ = try await first.it.writer.write { try $0.endExemption("ex-1", by: "kim") }
        let second = try Keeper(Pipeline(time: first.it.time, aws: first.it.aws, test: first.it.test))
        await second.keeper.round(isWanted: true)
        #expect(first.it.aws.with { $0.rules.isEmpty })
    }

    @Test
    func `a person whose clock is behind AWS's ends it before the call, by the clocks, and what it let in is closed`()
        async throws
    {
        let it = try Keeper(Pipeline())
        try await it.lend()
        try it.it.aws.stand([1])
        it.it.time.advance(.seconds(60))
        let record = RecordText(time: it.it.time.now + 10)
        #expect(try await it.it.process(it.it.message(record.json)) == .delete)
        #expect(try it.it.test.event("outcome") == "allowed")
        it.it.time.advance(.seconds(5))
        _ = try await it.it.writer.write { try $0.endExemption("ex-1", by: "kim") }
        await it.keeper.round(isWanted: true)
        #expect(it.it.aws.with { $0.rules.isEmpty })
    }

    @Test func `a record that comes after the end is judged as in time, and what it brought is then closed`()
        async throws
    {
        let it = try Keeper(Pipeline())
        try await it.lend(minutes: 1)
        try it.it.aws.stand([1])
        let record = RecordText(time: it.it.time.now)
        it.it.time.advance(.seconds(120))
        #expect(try await it.it.process(it.it.message(record.json)) == .delete)
        #expect(try it.it.test.event("outcome") == "allowed")
        await it.keeper.round(isWanted: false)
        #expect(it.it.aws.with { $0.rules.isEmpty })
    }

    @Test func `an exemption of the policy file with then: revert closes too, and people are reminded before`()
        async throws
    {
        let pipeline = try Pipeline()
        let exemption = Exemption(
            name: "incident",
            principals: [Wildcard(Keeper.exempted)],
            until: pipeline.time.now + 3600,
            then: .revert,
            remind: .seconds(900),
            origin: "policy.yaml:9"
        )
        pipeline.policies.replace(with: .watching(.ingressAdded, exempt: [exemption]))
        let it = try Keeper(pipeline)
        try await add(it)
        it.it.time.advance(.seconds(2000))
        await it.keeper.round(isWanted: false)
        #expect(try await notices(it).isEmpty)
        it.it.time.advance(.seconds(800))
        await it.keeper.round(isWanted: false)
        await it.keeper.round(isWanted: false)
        #expect(try await notices(it) == ["reminder"])
        it.it.time.advance(.seconds(801))
        await it.keeper.round(isWanted: false)
        #expect(it.it.aws.with { $0.rules.isEmpty })
        #expect(try await notices(it).contains("exemption-ended"))
    }

    @Test func `two workers close it once`() async throws {
        let one = try Keeper(Pipeline())
        try await one.lend()
        try await add(one)
        let two = try Keeper(Pipeline(time: one.it.time, aws: one.it.aws, test: one.it.test), holder: "two")
        one.it.time.advance(.seconds(3601))
        await one.keeper.round(isWanted: false)
        await two.keeper.round(isWanted: false)
        #expect(one.it.aws.with { $0.revokes.count } == 1)
        #expect(try one.events().count { $0[0] == "ExemptionEnd" } == 1)
    }

    @Test func `an edit that was lent is undone at its end, and so is the same edit under the next exemption`()
        async throws
    {
        let it = try Keeper(Pipeline(standing: [1], policy: .watching(.ingressAdded, .ruleModified)))
        await it.keeper.round(isWanted: true)
        for round in 1...2 {
            it.it.time.advance(.seconds(60))
            try await it.lend(id: "ex-\(round)")
            let edited = try liveRule(1, port: 99)
            it.it.aws.with { $0.rules[Name.rule(1)] = edited }
            let record = RecordText.modify(1, port: 99, eventID: "edit-\(round)", time: it.it.time.now)
            #expect(try await it.it.process(it.it.message(record.json, id: "m\(round)")) == .delete)
            #expect(try it.it.test.event("outcome", "edit-\(round)") == "allowed")
            it.it.time.advance(.seconds(3601))
            await it.keeper.round(isWanted: false)
            #expect(it.it.aws.with { $0.rules[Name.rule(1)]?.rule } == Fixture.rule(port: 21))
        }
        #expect(try it.events().count { $0 == ["ExemptionEnd", "reverted"] } == 2)
    }

    @Test func `what a dry run reported at the end is closed by a worker in earnest`() async throws {
        let dry = try Keeper(Pipeline(isDryRun: true))
        try await dry.lend()
        try await add(dry)
        dry.it.time.advance(.seconds(3601))
        await dry.keeper.round(isWanted: false)
        await dry.keeper.round(isWanted: false)
        #expect(try dry.events().count { $0 == ["ExemptionEnd", "reported"] } == 1)
        let real = try Keeper(Pipeline(time: dry.it.time, aws: dry.it.aws, test: dry.it.test))
        dry.it.time.advance(.seconds(60))
        await real.keeper.round(isWanted: true)
        #expect(real.it.aws.with { $0.rules.isEmpty })
    }

    @Test func `a rule that EC2 did not show at the end is closed once EC2 shows it`() async throws {
        let it = try Keeper(Pipeline())
        try await it.lend(minutes: 10)
        try await add(it)
        await it.keeper.round(isWanted: true)
        it.it.time.advance(.seconds(601))
        let rules = it.it.aws.with { $0.rules }
        it.it.aws.with { $0.rules = [:] }
        await it.keeper.round(isWanted: false)
        #expect(try it.events().contains(["ExemptionEnd", "unchanged"]))
        it.it.aws.with { $0.rules = rules }
        await it.later()
        #expect(it.it.aws.with { $0.rules.isEmpty })
    }
}
