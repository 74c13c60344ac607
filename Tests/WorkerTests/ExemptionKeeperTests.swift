import AWSClient
import Foundation
import Ledger
import SecurityGroups
import TestSupport
import Testing

@testable import Worker

/// Access that was lent closes itself.
@Suite struct ExemptionKeeperTests {
    private static let role = "arn:aws:iam::111122223333:user/mia"
    private static let kim = "arn:aws:iam::111122223333:user/kim"

    private func lend(
        _ it: Keeper,
        id: String = "ex-1",
        principal: String = role,
        minutes: Double = 60,
        then: Exemption.End = .revert,
        remind: Duration? = nil
    ) async throws {
        let now = it.it.time.now
        let exemption = TemporaryExemption(
            id: id,
            principal: principal,
            from: now,
            until: now + 60 * minutes,
            then: then,
            remind: remind,
            reason: "incident 4711",
            madeBy: "kim@desk"
        )
        try await it.it.writer.write { try $0.add(exemption) }
    }

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
        try await lend(it)
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
        try await lend(it, minutes: 1)
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
        try await lend(it, minutes: 1)
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
        try await lend(it, then: .leave)
        try await add(it)
        it.it.time.advance(.seconds(3700))
        await it.keeper.round(isWanted: true)
        await it.later()
        #expect(it.it.aws.with { $0.rules.count } == 1)
    }

    @Test func `a rule that the policy has come to allow stays, and one that a person approved does`() async throws {
        for isApproved in [true, false] {
            let it = try Keeper(Pipeline(policy: .watching(.ingressAdded)))
            try await lend(it)
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
        try await lend(it)
        try await add(it)
        it.it.policies.replace(with: .watching(.ingressAdded, allow: [try .port(21)]))
        it.it.time.advance(.seconds(3601))
        await it.keeper.round(isWanted: true)
        #expect(try it.events().contains(["ExemptionEnd", "allowed"]))
        it.it.policies.replace(with: .watching(.ingressAdded, allow: [try .port(99)]))
        await it.later()
        #expect(it.it.aws.with { $0.rules.isEmpty })
    }

    /// Changes the rule under the exemption, and brings the record.
    private func modify(_ it: Keeper, port: Int, eventID: String, by caller: String = role) async throws {
        let rule = try liveRule(1, port: port)
        it.it.aws.with { $0.rules[Name.rule(1)] = rule }
        let record = RecordText.modify(1, port: port, eventID: eventID, time: it.it.time.now).by(caller)
        #expect(try await it.it.process(it.it.message(record.json, id: eventID)) == .delete)
        it.it.time.advance(.seconds(10))
    }

    /// A rule of the baseline says what it said before. In the last case the guard restores that at the end.
    @Test(arguments: [[21], [99, 21], [99, 98]])
    func `a rule that stood before stands at the end of the exemption under which somebody edited it`(
        _ ports: [Int]
    )
        async throws
    {
        let it = try Keeper(Pipeline(standing: [1]))
        await it.keeper.round(isWanted: true)
        it.it.time.advance(.seconds(90))
        try await lend(it)
        for port in ports { try await modify(it, port: port, eventID: "to \(port)") }
        it.it.time.advance(.seconds(3600))
        for _ in 1...2 { await it.later() }
        #expect(try it.standing() == [[Name.rule(1), "baseline", "baseline"]])
        #expect(try it.it.aws.with { $0.rules.values.map(\.rule) } == [liveRule(1, port: 21).rule])
    }

    @Test(arguments: [(60, 30), (30, 60)])
    func `a rule that two callers change and change back under an exemption each stays at their ends`(
        _ minutes: (first: Double, second: Double)
    ) async throws {
        let it = try Keeper(Pipeline(standing: [1]))
        await it.keeper.round(isWanted: true)
        it.it.time.advance(.seconds(90))
        try await lend(it, minutes: minutes.first)
        try await lend(it, id: "ex-2", principal: Self.kim, minutes: minutes.second)
        try await modify(it, port: 99, eventID: "to 99")
        try await modify(it, port: 21, eventID: "to 21", by: Self.kim)
        for _ in 1...5 { await it.later() }
        #expect(try it.standing() == [[Name.rule(1), "baseline", "baseline"]])
        #expect(try it.it.aws.with { $0.rules.values.map(\.rule) } == [liveRule(1, port: 21).rule])
    }

    @Test func `a rule of the baseline that the policy also allows is not lent by an edit of its description`()
        async throws
    {
        let allowing = Policy.watching(.ingressAdded, .ruleModified, allow: [try .port(21)])
        let it = try Keeper(Pipeline(standing: [1], policy: allowing))
        await it.keeper.round(isWanted: true)
        it.it.time.advance(.seconds(90))
        try await lend(it)
        try await modify(it, port: 21, eventID: "description")
        it.it.time.advance(.seconds(3600))
        await it.later()
        it.it.policies.replace(with: .watching(.ingressAdded, .ruleModified, allow: [try .port(99)]))
        for _ in 1...2 { await it.later() }
        #expect(try it.standing() == [[Name.rule(1), "baseline", "baseline"]])
        #expect(it.it.aws.with { $0.rules.count } == 1)
    }

    @Test(arguments: [true, false])
    func `what one exempt caller added and another edited without effect stays as long as the first one's rules do`(
        isLent: Bool
    ) async throws {
        let terraform = "arn:aws:iam::111122223333:role/terraform"
        let exemption = Exemption(name: "tf", principals: [Wildcard(terraform)], origin: "exempt tf")
        let watch = Watch(groups: [Name.group], origin: "watch")
        let it = try Keeper(Pipeline(policy: Policy(watch: [watch], exempt: [exemption])))
        await it.keeper.round(isWanted: true)
        try await lend(it)
        try it.it.aws.stand([1])
        let add = RecordText(time: it.it.time.now)
        let edit = RecordText.modify(1, port: 21, time: it.it.time.now + 10)
        for record in isLent ? [add, edit.by(terraform)] : [add.by(terraform), edit] {
            #expect(try await it.it.process(it.it.message(record.json, id: record.eventID)) == .delete)
            #expect(try it.it.test.event("outcome", record.eventID) == "allowed")
            it.it.time.advance(.seconds(10))
        }
        it.it.time.advance(.seconds(3600))
        for _ in 1...2 { await it.later() }
        #expect(try it.standing().map(\.last) == (isLent ? [] : ["exempt tf"]))
        #expect(it.it.aws.with { $0.rules.count } == (isLent ? 0 : 1))
    }

    @Test func `a rule that a person approved before the record of an exempt caller came stays`() async throws {
        let it = try Keeper(Pipeline())
        await it.keeper.round(isWanted: true)
        try await lend(it)
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
        try await lend(it)
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
        try await lend(first)
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
        try await lend(it)
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
        try await lend(it, minutes: 1)
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
            principals: [Wildcard(Self.role)],
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
        try await lend(one)
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
            try await lend(it, id: "ex-\(round)")
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
        try await lend(dry)
        try await add(dry)
        dry.it.time.advance(.seconds(3601))
        await dry.keeper.round(isWanted: false)
        await dry.keeper.round(isWanted: false)
        #expect(try dry.events().count { $0 == ["ExemptionEnd", "reported"] } == 1)
        let real = try Keeper(Pipeline(time: dry.it.time, aws: dry.it.aws, test: dry.it.test))
        await real.keeper.round(isWanted: false)
        #expect(real.it.aws.with { $0.rules.isEmpty })
    }

    @Test func `a rule that EC2 did not show at the end is closed once EC2 shows it`() async throws {
        let it = try Keeper(Pipeline())
        try await lend(it, minutes: 10)
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
