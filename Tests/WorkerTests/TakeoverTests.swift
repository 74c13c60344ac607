import AWSClient
import Foundation
import Ledger
import SecurityGroups
import TestSupport
import Testing

@testable import Worker

/// The next run of an event whose last run never ended.
@Suite struct TakeoverTests {
    private static let reporting = Policy(watch: [Watch(groups: [Name.group], action: .report, origin: "watch")])

    @Test(arguments: [true, false])
    func `after a run that could revert nothing, a rule that is gone is nobody's doing of ours`(
        isDryRun: Bool
    ) async throws {
        let time = VirtualTime()
        let looked = Door()
        let aws = ScriptedAWS(time: time) { action in
            guard action == "DescribeSecurityGroupRules", !looked.isOpen else { return }
            looked.open()
            await StopSignal().wait()
        }
        let policy = isDryRun ? nil : Self.reporting
        let it = try Pipeline(standing: [1], policy: policy, isDryRun: isDryRun, time: time, aws: aws)
        let killed = Task { try await it.process(it.message(it.record.json)) }
        await looked.pass()
        while try it.test.event("attempts") == nil { try await Task.sleep(for: .milliseconds(1)) }
        killed.cancel()
        _ = await killed.result
        #expect(try it.test.event("outcome") == nil)

        aws.with { $0.rules = [:] }
        time.advance(WorkerOptions.lease + .seconds(1))
        #expect(try await it.process(it.message(it.record.json, receives: 2)) == .delete)
        #expect(try it.test.event("attempts") == "2")
        #expect(try it.test.event("outcome") == "unchanged")
        #expect(try it.test.rules("undo") == [nil])
    }

    /// Runs the usual event on the first host, which finds no room to wait in.
    private func turnAway(_ record: RecordText, in it: Fleet) async {
        let held = HeldMessage(it.one.message(record.json), receivedAt: it.time.instant, visibility: .seconds(30))
        let slots = WorkSlots(count: 1, limits: .init(messages: 0), clock: it.time.clock)
        await #expect(throws: ParkingFull.self) {
            try await slots.occupy { slot in
                _ = try await it.one.pipeline.process(held, slot: slot, stop: StopSignal(), logger: .silent)
            }
        }
        #expect(held.claim == nil)
    }

    @Test(arguments: [false, true])
    func `what is gone after a run that found no room to wait in is its doing only if it sent a revoke`(
        hasRevoked: Bool
    ) async throws {
        let it = try Fleet()
        var record = it.record
        record.time = it.time.now
        if hasRevoked {
            try it.aws.stand([1])
            // EC2 still shows the rule after its revoke, so that the run waits.
            it.aws.with { ($0.lingeringLooks, $0.isSilent) = (2, true) }
        }
        await turnAway(record, in: it)
        #expect(it.aws.with { $0.rules.isEmpty })
        it.time.advance(.seconds(16))
        for host in [it.one, it.two] {
            #expect(try await host.process(host.message(record.json, receives: 2)) == .delete)
        }
        #expect(try it.one.test.event("attempts") == "2")
        #expect(try it.one.test.event("outcome") == (hasRevoked ? "reverted" : "unchanged"))
        #expect(try await it.told(it.one) == (hasRevoked ? ["\(Name.event):reverted"] : []))
    }

    @Test func `a run that finds no room to wait in does not hide the run of a host that died`() async throws {
        let it = try Fleet()
        var record = it.record
        record.time = it.time.now + 60
        let facts = EventFacts(eventID: Name.event, digest: record.digest, eventName: "x")
        let slot = WorkSlot(clock: it.time.clock)
        _ = try await it.two.claims.claim(facts, it.delivery, intent: [Name.rule(1)], slot: slot)
        it.time.advance(.seconds(61))
        await turnAway(record, in: it)
        it.time.advance(.seconds(16))
        #expect(try await it.one.process(it.one.message(record.json, receives: 2)) == .delete)
        #expect(try it.one.test.event("outcome") == "reverted")
    }

    @Test func `a run that finds no room to wait in gives its claim back, and the next delivery runs at once`()
        async throws
    {
        let it = try Fleet()
        var record = it.record
        // EC2 may not show the rule yet, so that the run waits.
        record.time = it.time.now
        await turnAway(record, in: it)
        try it.aws.stand([1])
        #expect(try await it.two.process(it.two.message(record.json, receives: 2)) == .delete)
        #expect(try it.two.test.event("outcome") == "reverted")
        #expect(it.row?.fence == 2 && it.row?.outcome == .reverted)
        // The ledger of the first host knows no live claim either.
        let facts = EventFacts(eventID: Name.event, digest: record.digest, eventName: "x")
        let delivery = it.delivery
        let again = try await it.one.writer.write { try $0.claim(facts, delivery: delivery) }
        #expect(again.claim?.attempt == 2)
    }

    @Test func `on the last receive, a message waits for another's claim although no room to wait is left`()
        async throws
    {
        let it = try Pipeline(standing: [1])
        let now = it.time.now
        let facts = EventFacts(eventID: Name.event, digest: it.record.digest, eventName: "x")
        _ = try await it.writer.write { try $0.claim(facts, delivery: Delivery(messageID: "m0", receivedAt: now)) }
        let message = it.message(it.record.json, receives: 3)
        let held = HeldMessage(message, receivedAt: it.time.instant, visibility: .seconds(30))
        let slots = WorkSlots(count: 1, limits: .init(messages: 0), clock: it.time.clock)
        let disposition = try await slots.occupy { slot in
            try await it.pipeline.process(held, slot: slot, stop: StopSignal(), logger: .silent)
        }
        #expect(disposition == .delete)
        #expect(try it.test.event("outcome") == "reverted")
    }
}
