import Foundation
import SecurityGroups
import TestSupport
import Testing

@testable import Worker

/// Two hosts with a ledger each: one has the record, the other looks at what stands, in any order.
@Suite struct SharedRaceTests {
    /// Who comes first: the record on host one, the look of host two, or its sweep after two settle times.
    enum First: CaseIterable { case record, look, sweep }

    private struct Hosts {
        let fleet: Fleet
        let one: Keeper
        let two: Keeper

        /// Both hosts have seen rule 1 stand at first sight.
        init(watching changes: ChangeKind...) async throws {
            let watch = Watch(groups: [Name.group], changes: Set(changes), origin: "watch")
            fleet = try Fleet(standing: [1], policy: Policy(watch: [watch]))
            one = try Keeper(fleet.one, holder: "one")
            two = try Keeper(fleet.two, holder: "two")
            await one.keeper.round(isWanted: true)
            await two.keeper.round(isWanted: true)
            fleet.time.advance(.seconds(901))
        }

        /// Brings the record to host one and lets host two look, in this order, and then lets both look and sweep.
        func race(_ record: RecordText, _ first: First) async throws {
            if first != .record { await two.keeper.round(isWanted: true) }
            if first == .sweep {
                fleet.time.advance(.seconds(31))
                await two.keeper.round(isWanted: false)
            }
            #expect(try await fleet.one.process(fleet.one.message(record.json)) == .delete)
            for _ in 1...2 {
                await two.later()
                await one.later()
            }
        }

        /// How many outcomes of this kind both hosts tell.
        func told(_ outcome: String) async throws -> Int {
            let notices = try await fleet.told(fleet.one) + fleet.told(fleet.two)
            return notices.count { $0.hasSuffix(":\(outcome)") }
        }
    }

    @Test(arguments: First.allCases)
    func `an added rule is revoked and told once`(_ first: First) async throws {
        let it = try await Hosts(watching: .ingressAdded, .ruleModified)
        try it.fleet.aws.stand([2])
        try await it.race(RecordText(rules: [2], time: it.fleet.time.now), first)
        #expect(it.fleet.aws.with { $0.revokes } == [[Name.rule(2)]])
        #expect(it.fleet.aws.with { Array($0.rules.keys) } == [Name.rule(1)])
        #expect(try await it.told("reverted") == 1)
    }

    @Test(arguments: First.allCases)
    func `an edit is restored once to what both hosts saw before`(_ first: First) async throws {
        let it = try await Hosts(watching: .ingressAdded, .ruleModified)
        let edited = try liveRule(1, port: 99)
        it.fleet.aws.with { $0.rules[Name.rule(1)] = edited }
        try await it.race(RecordText.modify(1, port: 99, time: it.fleet.time.now), first)
        #expect(it.fleet.aws.with { $0.rules.mapValues(\.rule) } == [Name.rule(1): Fixture.rule(port: 21)])
        #expect(it.fleet.aws.with { $0.amendments.count == 1 && $0.revokes.isEmpty })
        #expect(try await it.told("reverted") == 1)
        for host in [it.one, it.two] { #expect(try host.standing() == [[Name.rule(1), "baseline", "baseline"]]) }
    }

    @Test(arguments: [true, false])
    func `what an exempt caller made of an added rule stays, though another host has the record of that`(
        isExempt: Bool
    ) async throws {
        let terraform = "arn:aws:iam::111122223333:role/terraform"
        let exemption = Exemption(name: "tf", principals: [Wildcard(terraform)], origin: "exempt tf")
        let watch = Watch(groups: [Name.group], changes: [.ingressAdded, .ruleModified], origin: "watch")
        let fleet = try Fleet(policy: Policy(watch: [watch], exempt: isExempt ? [exemption] : []))
        let edited = try liveRule(1, port: 99)
        fleet.aws.with { $0.rules[Name.rule(1)] = edited }
        let added = RecordText(time: fleet.time.now)
        let edit = RecordText.modify(1, port: 99, time: fleet.time.now + 1).by(terraform)
        if isExempt { #expect(try await fleet.two.process(fleet.two.message(edit.json)) == .delete) }
        #expect(try await fleet.one.process(fleet.one.message(added.json, id: "m2")) == .delete)
        #expect(fleet.aws.with { $0.rules.isEmpty } == !isExempt)
        #expect(try fleet.one.test.rules("outcome") == [isExempt ? "changed-since" : "reverted"])
    }

    @Test(arguments: [First.record, .look])
    func `an edit of the description alone is left as it is`(_ first: First) async throws {
        let it = try await Hosts(watching: .ingressAdded, .ruleModified)
        let edited = try liveRule(1, port: 21, description: "new words")
        it.fleet.aws.with { $0.rules[Name.rule(1)] = edited }
        try await it.race(RecordText.modify(1, port: 21, time: it.fleet.time.now), first)
        #expect(it.fleet.aws.with { $0.rules[Name.rule(1)] } == edited)
        #expect(it.fleet.aws.with { $0.amendments.isEmpty && $0.revokes.isEmpty })
    }

    @Test(arguments: [First.record, .look])
    func `a removed rule is put back once, and stays`(_ first: First) async throws {
        let it = try await Hosts(watching: .ingressAdded, .ingressRemoved)
        it.fleet.aws.with { $0.rules = [:] }
        try await it.race(RecordText.remove(1, time: it.fleet.time.now), first)
        #expect(it.fleet.aws.with { $0.rules.values.map(\.rule) } == [Fixture.rule(port: 21)])
        #expect(it.fleet.aws.with { $0.amendments.count == 1 && $0.revokes.isEmpty })
        #expect(try await it.told("reverted") == 1)
        for host in [it.one, it.two] {
            #expect(try host.standing().map { Array($0.dropFirst()) } == [["baseline", "baseline"]])
        }
    }
}
