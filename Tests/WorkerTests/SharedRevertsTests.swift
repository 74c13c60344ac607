import AWSClient
import Foundation
import Ledger
import SecurityGroups
import TestSupport
import Testing

@testable import Worker

/// Limits hold for all hosts together.
@Suite struct SharedRevertsTests {
    private static let now = Date(timeIntervalSince1970: 1_764_063_000)

    private func reverts(_ ages: TimeInterval...) throws -> SharedReverts {
        let rule = Fixture.rule(port: 22)
        return SharedReverts(
            entries: Set(
                ages.enumerated().map { SharedReverts.Entry(rule, of: "e\($0)", at: Self.now - $1) }
            )
        )
    }

    @Test func `reverts of the last hour count, those of the event itself and of other rules do not`() throws {
        let reverts = try reverts(10, 100, 3599, 3601)
        let rule = Fixture.rule(port: 22)
        #expect(reverts.count(of: rule, but: "another", now: Self.now).count == 3)
        #expect(reverts.count(of: rule, but: "another", now: Self.now).last == Self.now - 10)
        #expect(reverts.count(of: rule, but: "e0", now: Self.now).count == 2)
        #expect(reverts.count(of: Fixture.rule(port: 23), but: "another", now: Self.now).count == 0)
    }

    @Test func `there is room again when the revert that fills the limit is an hour old`() throws {
        let reverts = try reverts(10, 100, 1000)
        #expect(reverts.roomAt(4, but: "x", now: Self.now) == nil)
        #expect(reverts.roomAt(3, but: "x", now: Self.now) == Self.now + 2600)
        #expect(reverts.roomAt(1, but: "x", now: Self.now) == Self.now + 3590)
        #expect(reverts.roomAt(3, but: "e1", now: Self.now) == nil)
    }

    @Test func `what is dated in the future leaves room within an hour`() throws {
        let rule = Fixture.rule(port: 22)
        let ahead = try reverts(-86_400, -3601, -1e15)
        #expect(ahead.count(of: rule, but: "x", now: Self.now).count == 0)
        #expect(ahead.roomAt(1, but: "x", now: Self.now) == nil)
        #expect(try reverts(-60).roomAt(1, but: "x", now: Self.now) == Self.now + 3600)
    }

    @Test func `an entry is read as it was written, and other text is none`() throws {
        let entry = SharedReverts.Entry(Fixture.rule(port: 22), of: "e", at: Self.now + 0.4)
        #expect(SharedReverts.Entry(text: entry.text) == entry)
        for text in ["", "1 2", "x y z", "1 2 3 4"] { #expect(SharedReverts.Entry(text: text) == nil) }
    }

    @Test(arguments: ["rule", "group", "all"])
    func `what one host reverted leaves the other no room`(_ limit: String) async throws {
        let watch = Watch(groups: [Name.group], changes: [.ingressAdded], origin: "watch")
        let policy = Policy(
            watch: [watch],
            revertsPerRulePerHour: limit == "rule" ? 1 : nil,
            revertsPerGroupPerHour: limit == "group" ? 1 : nil,
            revertsPerHour: limit == "all" ? 1 : nil
        )
        let it = try Fleet(standing: [1], policy: policy)
        #expect(try await it.one.process(it.one.message(it.record.json)) == .delete)
        #expect(try it.one.test.event("outcome") == "reverted")

        // The same rule comes back under a new id.
        let live = try liveRule(1)
        let again = try Fixture.live(7, live.rule)
        it.aws.with { $0.rules[Name.rule(7)] = again }
        var record = it.record
        record.eventID = "again"
        record.members["responseElements"] =
            #"{"_return":true,"securityGroupRuleSet":{"items":[{"groupId":"\#(Name.group)","#
            + #""securityGroupRuleId":"\#(Name.rule(7))","isEgress":false,"ipProtocol":"tcp","fromPort":21,"#
            + #""toPort":21,"cidrIpv4":"0.0.0.0/0"}]}}"#
        let stop = StopSignal()
        stop.request()
        let held = HeldMessage(it.two.message(record.json), receivedAt: it.time.instant, visibility: .seconds(30))
        let slot = WorkSlot(clock: it.time.clock)
        _ = try await it.two.pipeline.process(held, slot: slot, stop: stop, logger: .silent)
        #expect(try it.two.test.event("outcome", "again") == "suppressed")
        #expect(it.aws.with { $0.rules.count } == 1)
    }

    @Test func `without limits nothing is counted`() async throws {
        let it = try Fleet(standing: [1])
        _ = try await it.one.process(it.one.message(it.record.json))
        #expect(it.aws.with { $0.tables[Fleet.table]?.keys.contains { $0.hasPrefix("reverts#") } } == false)
    }
}
