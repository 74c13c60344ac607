import AWSClient
import Foundation
import Ledger
import SecurityGroups
import TestSupport
import Testing

@testable import Worker

/// Edits under exemptions whose ends close what they let in.
@Suite struct LentEditTests {
    private static let role = Keeper.exempted
    private static let kim = "arn:aws:iam::111122223333:user/kim"

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
        try await it.lend()
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
        try await it.lend(minutes: minutes.first)
        try await it.lend(id: "ex-2", principal: Self.kim, minutes: minutes.second)
        try await modify(it, port: 99, eventID: "to 99")
        try await modify(it, port: 21, eventID: "to 21", by: Self.kim)
        for _ in 1...5 { await it.later() }
        #expect(try it.standing() == [[Name.rule(1), "baseline", "baseline"]])
        #expect(try it.it.aws.with { $0.rules.values.map(\.rule) } == [liveRule(1, port: 21).rule])
    }

    /// Each record comes once the rule says something else, or after a look that shows it.
    @Test(arguments: [false, true])
    func `what is lent replaces nothing: a rule that says what it said before stays at the end`(
        _ isLookedAt: Bool
    ) async throws {
        let it = try Keeper(Pipeline(standing: [1]))
        await it.keeper.round(isWanted: true)
        it.it.time.advance(.seconds(90))
        try await it.lend()
        try await modify(it, port: 99, eventID: "to 99")
        it.it.time.advance(.seconds(60))
        let rule = try liveRule(1, port: 21)
        it.it.aws.with { $0.rules[Name.rule(1)] = rule }
        if isLookedAt { await it.keeper.round(isWanted: true) }
        let records = isLookedAt ? [(21, 0.0)] : [(98, -4.0), (21, -2.0)]
        for (port, age) in records {
            let id = "to \(port)"
            let record = RecordText.modify(1, port: port, eventID: id, time: it.it.time.now + age).by(Self.role)
            #expect(try await it.it.process(it.it.message(record.json, id: id)) == .delete)
        }
        it.it.time.advance(.seconds(3600))
        for _ in 1...2 { await it.later() }
        #expect(try it.standing() == [[Name.rule(1), "baseline", "baseline"]])
        #expect(try it.it.aws.with { $0.rules.values.map(\.rule) } == [liveRule(1, port: 21).rule])
    }

    private static let terraform = "arn:aws:iam::111122223333:role/terraform"

    private func terraformed() async throws -> Keeper {
        let exemption = Exemption(name: "tf", principals: [Wildcard(Self.terraform)], origin: "exempt tf")
        let policy = Policy(watch: [Watch(groups: [Name.group], origin: "watch")], exempt: [exemption])
        let it = try Keeper(Pipeline(standing: [1], policy: policy))
        await it.keeper.round(isWanted: true)
        it.it.time.advance(.seconds(90))
        try await modify(it, port: 99, eventID: "narrowed", by: Self.terraform)
        try await it.lend()
        return it
    }

    @Test func `what a permanently exempt caller made is not widened at the end of an exemption`() async throws {
        let it = try await terraformed()
        for port in [98, 99] { try await modify(it, port: port, eventID: "to \(port)") }
        it.it.time.advance(.seconds(3600))
        for _ in 1...2 { await it.later() }
        #expect(try it.standing() == [[Name.rule(1), "event", "exempt tf"]])
        #expect(try it.it.aws.with { $0.rules.values.map(\.rule) } == [liveRule(1, port: 99).rule])
    }

    @Test func `what a permanently exempt caller makes of a rule again is not undone for an earlier exemption`()
        async throws
    {
        let it = try await terraformed()
        try await modify(it, port: 21, eventID: "widened")
        it.it.time.advance(.seconds(3600))
        await it.later()
        #expect(try it.it.aws.with { $0.rules.values.map(\.rule) } == [liveRule(1, port: 99).rule])
        try await modify(it, port: 21, eventID: "widened again", by: Self.terraform)
        for _ in 1...2 { await it.later() }
        #expect(try it.it.aws.with { $0.rules.values.map(\.rule) } == [liveRule(1, port: 21).rule])
    }

    @Test func `the end of one exemption restores what another one that holds has let in`() async throws {
        let it = try Keeper(Pipeline(standing: [1]))
        await it.keeper.round(isWanted: true)
        it.it.time.advance(.seconds(90))
        try await it.lend(id: "ex-2", principal: Self.kim, minutes: 120)
        try await it.lend(minutes: 60)
        try await modify(it, port: 99, eventID: "to 99", by: Self.kim)
        try await modify(it, port: 98, eventID: "to 98")
        for port in [99, 21] {
            it.it.time.advance(.seconds(3600))
            await it.keeper.round(isWanted: false)
            #expect(try it.it.aws.with { $0.rules.values.map(\.rule) } == [liveRule(1, port: port).rule])
        }
    }

    @Test func `a rule of the baseline that the policy also allows is not lent by an edit of its description`()
        async throws
    {
        let allowing = Policy.watching(.ingressAdded, .ruleModified, allow: [try .port(21)])
        let it = try Keeper(Pipeline(standing: [1], policy: allowing))
        await it.keeper.round(isWanted: true)
        it.it.time.advance(.seconds(90))
        try await it.lend()
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
        try await it.lend()
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
}
