import AWSClient
import Foundation
import Ledger
import Logging
import SecurityGroups
import Synchronization
import TestSupport
import Testing

@testable import Worker

/// One line in the log for each event, at the level of its outcome, with what a person looks for first.
@Suite struct PipelineLogTests {
    private let log = Log()

    /// Processes a message, and gives what became of it.
    @discardableResult
    private func process(
        _ it: Pipeline,
        _ body: String,
        id: String = "m1",
        receives: Int = 1,
        stop: StopSignal = StopSignal()
    ) async throws -> Disposition {
        let message = it.message(body, id: id, receives: receives)
        let held = HeldMessage(message, receivedAt: it.time.instant, visibility: .seconds(30))
        return try await it.pipeline.process(held, slot: WorkSlot(clock: it.time.clock), stop: stop, logger: log.logger)
    }

    @Test func `a revert is a notice with the rule, the group, the caller and the time it was open`() async throws {
        let it = try Pipeline(standing: [1])
        var record = it.record
        record.members["userIdentity"] = #"{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/mia"}"#
        try await process(it, record.json)
        #expect(log.texts == ["notice: event reverted"])
        let line = try #require(log.lines.first?.metadata)
        #expect(line["rule"] == "ingress tcp 21 from 0.0.0.0/0" && line["rule.id"] == "\(Name.rule(1))")
        #expect(line["rules"] == "1" && line["group.id"] == "\(Name.group)" && line["exposed.ms"] == "60000")
        #expect(line["actor"] == "arn:aws:iam::111122223333:user/mia")
        #expect(line["event.name"] == "AuthorizeSecurityGroupIngress" && line["error"] == nil)
    }

    @Test func `of several rules the line names one that was reverted`() async throws {
        let it = try Pipeline(standing: [2])
        var record = it.record
        record.rules = [1, 2]
        try await process(it, record.json)
        #expect(log.value("rules", of: "event reverted") == "2")
        #expect(log.value("rule.id", of: "event reverted") == Name.rule(2))
    }

    @Test func `a failure is a warning with what AWS answered`() async throws {
        let it = try Pipeline(standing: [1])
        it.aws.with { $0.refusals["RevokeSecurityGroupIngress"] = [.ec2Error("UnauthorizedOperation", status: 403)] }
        #expect(try await process(it, it.record.json) == .postpone(.seconds(4)))
        #expect(log.texts == ["warning: event failed"])
        #expect(log.value("error", of: "event failed")?.contains("UnauthorizedOperation") == true)
    }

    @Test func `an event that is given up is an error, and what is none of our business an info`() async throws {
        let it = try Pipeline(standing: [1], maxReceiveCount: 1)
        it.aws.with { $0.refusals["RevokeSecurityGroupIngress"] = [.ec2Error("UnauthorizedOperation", status: 403)] }
        try await process(it, it.record.json)
        #expect(log.texts == ["error: event dead-lettered"])
        #expect(log.value("reason", of: "event dead-lettered") == "gave-up")
        var other = it.record
        (other.eventID, other.eventName) = ("other", "RunInstances")
        try await process(it, other.json, id: "m2")
        #expect(log.texts.last == "info: event ignored")
        #expect(log.value("reason", of: "event ignored") == "not-a-rule-change")
    }

    @Test func `a duplicate is an info with the outcome that it had`() async throws {
        let it = try Pipeline(standing: [1])
        try await process(it, it.record.json)
        #expect(try await process(it, it.record.json, id: "m2") == .delete)
        #expect(log.texts.last == "info: duplicate")
        #expect(log.value("event.outcome", of: "duplicate") == "reverted")
    }

    @Test func `a message without an event is a warning with its reason, its text stripped`() async throws {
        let it = try Pipeline()
        try await process(it, "\u{1B}[31m{\"eventName\":7")
        #expect(log.texts == ["warning: message dead-lettered"])
        #expect(log.value("reason", of: "message dead-lettered") == "not-json")
        #expect(log.value("error", of: "message dead-lettered")?.contains("\u{1B}") == false)
    }

    @Test func `without a dead-letter queue, what cannot be handled is an error that says where it stays`() async throws
    {
        let it = try Pipeline(hasDeadLetterQueue: false)
        #expect(try await process(it, "no JSON", receives: 3) == .postpone(.seconds(16)))
        #expect(
            log.texts == [
                "error: message cannot be handled and there is no dead-letter queue; it stays in the queue"
            ]
        )
    }

    @Test func `an event that another worker holds is a debug line, and is looked at again soon`() async throws {
        let it = try Pipeline()
        let facts = EventFacts(eventID: Name.event, digest: it.record.digest, eventName: "x")
        let now = it.time.now
        _ = try await it.writer.write { try $0.claim(facts, delivery: Delivery(messageID: "m0", receivedAt: now)) }
        #expect(try await process(it, it.record.json) == .postpone(.seconds(2)))
        #expect(log.texts == ["debug: event is held by another worker"])
    }

    @Test func `on the last receive that the queue allows, a held event is waited for in hand`() async throws {
        let it = try Pipeline(standing: [1], maxReceiveCount: 3)
        let facts = EventFacts(eventID: Name.event, digest: it.record.digest, eventName: "x")
        let now = it.time.now
        _ = try await it.writer.write { try $0.claim(facts, delivery: Delivery(messageID: "m0", receivedAt: now)) }
        #expect(try await process(it, it.record.json, receives: 3) == .delete)
        #expect(try it.test.event("outcome") == "reverted")
        #expect(it.time.now.timeIntervalSince(now) >= WorkerOptions.lease.seconds - 1, "the other worker's lease")
        #expect(Set(it.time.slept) == [.seconds(2)])
    }
}

/// A revert that a limit holds back waits in hand, or goes back to the queue where it cannot.
@Suite struct SuppressedEventTests {
    /// A pipeline whose rule was reverted once within the hour, and may be reverted once.
    private func pipeline(isUntilEmpty: Bool = false) async throws -> Pipeline {
        let it = try Pipeline(standing: [1], policy: .watching(.ingressAdded, limit: 1), isUntilEmpty: isUntilEmpty)
        #expect(try await it.process(it.message(it.record.json)) == .delete)
        try it.aws.stand([2])
        let content = try liveRule(1)
        it.aws.with {
            $0.rules[Name.rule(2)] = LiveRule(
                id: SecurityGroupRuleID(Name.rule(2)) ?? content.id,
                groupID: content.groupID,
                rule: content.rule,
                ruleDescription: nil
            )
        }
        return it
    }

    /// The record of the call that added the rule again.
    private func again(_ it: Pipeline) -> String {
        var record = it.record
        record.eventID = "again"
        record.rules = [2]
        record.members["responseElements"] =
            #"{"_return":true,"securityGroupRuleSet":{"items":[{"groupId":"\#(Name.group)","securityGroupRuleId":"#
            + #""\#(Name.rule(2))","isEgress":false,"ipProtocol":"tcp","fromPort":21,"toPort":21,"#
            + #""cidrIpv4":"0.0.0.0/0"}]}}"#
        return record.json
    }

    @Test func `it waits in hand for a minute, and is then made`() async throws {
        let it = try await pipeline()
        let start = it.time.now
        #expect(try await it.process(it.message(again(it), id: "m2")) == .delete)
        #expect(try it.test.event("outcome", "again") == "reverted")
        #expect(it.time.now.timeIntervalSince(start) >= 60)
        #expect(it.aws.with { $0.rules.isEmpty })
    }

    @Test func `a worker that is to end by itself does not wait for it`() async throws {
        let it = try await pipeline(isUntilEmpty: true)
        #expect(try await it.process(it.message(again(it), id: "m2")) == .setAside(.seconds(60)))
        #expect(try it.test.event("outcome", "again") == "suppressed")
    }

    @Test func `where too many wait already, it goes back to the queue`() async throws {
        let it = try await pipeline()
        let slots = WorkSlots(count: 1, limits: .init(messages: 0), clock: it.time.clock)
        let message = it.message(again(it), id: "m2")
        let held = HeldMessage(message, receivedAt: it.time.instant, visibility: .seconds(30))
        let disposition = try await slots.occupy { slot in
            try await it.pipeline.process(held, slot: slot, stop: StopSignal(), logger: .silent)
        }
        #expect(disposition == .setAside(.seconds(60)))
    }

    @Test func `a stop while it waits gives it back for the rest of its pause`() async throws {
        let it = try await pipeline()
        let stop = StopSignal()
        let time = it.time
        var pipeline = it.pipeline
        let clock = time.clock { duration in
            guard duration == .seconds(60) else { return try await time.sleep(duration) }
            time.advance(.seconds(20))
            stop.request()
            try await time.sleep(VirtualTime.endless)
        }
        pipeline = MessagePipeline(
            claims: pipeline.claims,
            policies: pipeline.policies,
            revert: pipeline.revert,
            identity: pipeline.identity,
            territory: pipeline.territory,
            queueState: pipeline.queueState,
            isNotifying: pipeline.isNotifying,
            workerName: "one",
            backoff: pipeline.backoff,
            clock: clock,
            onFinish: {}
        )
        let held = HeldMessage(it.message(again(it), id: "m2"), receivedAt: time.instant, visibility: .seconds(30))
        let disposition = try await pipeline.process(held, slot: WorkSlot(clock: clock), stop: stop, logger: .silent)
        #expect(disposition == .setAside(.seconds(40)))
        #expect(held.claim == nil, "whoever gets it next may claim it at once")
    }
}

/// Records that do not tell what they did.
@Suite struct UnreadChangeTests {
    @Test
    func `a removal that tells only a part of its rules is a dead letter, since what is gone cannot be looked for`()
        async throws
    {
        let it = try Pipeline(policy: .watching(.ingressRemoved))
        var record = RecordText.remove(1, time: it.time.now - 60)
        record.members["requestParameters"] =
            #"{"groupId":"\#(Name.group)","ipPermissions":{"items":[{"ipProtocol":7}]}}"#
        record.members["responseElements"] = #"{"_return":true}"#
        #expect(try await it.process(it.message(record.json)) == .delete)
        #expect(try it.test.event("outcome", "remove") == "dead-lettered")
        #expect(try it.test.event("reason", "remove") == "undecodable")
        #expect(it.aws.with { $0.amendments.isEmpty })
    }

    @Test func `a group of another account than the event's is a failure that says whose credentials were used`()
        async throws
    {
        let policy = Policy.watching(.ingressAdded, tags: ["sg-revert": "enforce"])
        let it = try Pipeline(standing: [1], policy: policy)
        it.aws.with {
            $0.groups = [Name.group: ["sg-revert": "enforce"]]
            $0.owner = "444455556666"
        }
        _ = try await it.process(it.message(it.record.json))
        #expect(try it.test.event("outcome") == "failed")
        #expect(try it.test.event("error_message")?.contains("444455556666") == true)
        #expect(it.aws.with { $0.revokes.isEmpty })
    }

    private func groupNamed(_ id: String?, kind: ChangeKind) -> SecurityGroupChange {
        let traffic = RuleTraffic(ipProtocol: .tcp, fromPort: 22, toPort: 22, peer: .groupName("web"))
        let rule = ChangedRule(
            id: id,
            direction: .ingress,
            traffic: traffic,
            ruleDescription: "d",
            peerOwner: "111122223333"
        )
        return SecurityGroupChange(kind: kind, groupID: Name.group, rules: [rule])
    }

    @Test func `an added rule that names its group by name and has no id is looked for in the group`() {
        let change = groupNamed(nil, kind: .ingressAdded).judgeable
        #expect(change.rules.isEmpty && change.mayHaveMoreRules)
        #expect(change.unread?.contains("names its source group by name") == true)
    }

    @Test func `with an id it is judged by what EC2 shows under the id`() throws {
        let change = groupNamed(Name.rule(1), kind: .ingressAdded).judgeable
        let rule = try #require(change.rules.first)
        #expect(rule.id == Name.rule(1) && rule.traffic == nil && rule.direction == .ingress)
        #expect(rule.ruleDescription == "d" && rule.peerOwner == "111122223333")
        #expect(change.unread == nil && !change.mayHaveMoreRules)
    }

    @Test func `a removed one stays to be looked for in the ledger`() {
        let change = groupNamed(nil, kind: .ingressRemoved).judgeable
        #expect(change.rules.map(\.traffic) == [nil] && change.unread == nil && !change.mayHaveMoreRules)
    }

    @Test func `every other rule is left as it is`() throws {
        let rule = ChangedRule(id: nil, rule: Fixture.rule(), ruleDescription: nil)
        let change = SecurityGroupChange(kind: .ingressAdded, groupID: Name.group, rules: [rule])
        #expect(change.judgeable == change)
    }
}
