import Formats
import Foundation
import Ledger
import SecurityGroups
import TestSupport
import Testing

@Suite struct PastTests {
    static let group = "sg-0a1b2c3d4e5f60718"
    let test: TestLedger

    init() throws { test = try TestLedger() }

    private func rule(_ source: String = "0.0.0.0/0", port: Int = 22) -> SecurityGroupRule {
        Fixture.rule(port: port, from: Peer(source))
    }

    private func id(_ digit: Int) throws -> SecurityGroupRuleID {
        try #require(SecurityGroupRuleID("sgr-0000000000000000\(digit)"))
    }

    private func result(
        _ rule: SecurityGroupRule,
        id: Int = 1,
        isNamed: Bool = true,
        _ decision: RuleDecision,
        _ outcome: RuleOutcome
    ) throws -> RuleResult {
        RuleResult(
            ruleID: try self.id(id).description,
            isNamed: isNamed,
            groupID: Self.group,
            direction: rule.direction,
            ipProtocol: rule.ipProtocol.description,
            fromPort: rule.ports.from,
            toPort: rule.ports.to,
            source: rule.peer.description,
            decision: decision,
            outcome: outcome
        )
    }

    /// Records an event that came out so.
    private func record(
        _ eventID: String,
        _ name: String = "AuthorizeSecurityGroupIngress",
        group: String = PastTests.group,
        secondsAgo: Double = 60,
        rules: [RuleResult] = [],
        sightings: [RuleSighting] = [],
        intent: [String] = []
    ) async throws {
        let facts = EventFacts(
            eventID: eventID,
            eventName: name,
            groupID: group,
            eventTime: test.now.addingTimeInterval(-secondsAgo)
        )
        let delivery = Delivery(messageID: eventID, receivedAt: test.now)
        var result = RunResult(outcome: EventOutcome(of: rules.map(\.outcome)), rules: rules)
        result.sightings = sightings
        let final = result
        try await test.ledger.write { transaction in
            guard case .run(let claim) = try transaction.claim(facts, delivery: delivery, intent: intent) else {
                return
            }
            try transaction.finish(claim, with: final)
        }
        test.advance(0.001)
    }

    private func sighting(
        _ rule: SecurityGroupRule?,
        id: Int = 1,
        by source: String? = nil,
        issuer: String? = nil,
        added: SecurityGroupRule? = nil,
        eventTime: Date? = nil
    ) throws -> RuleSighting {
        RuleSighting(
            account: "111122223333",
            region: "eu-west-1",
            groupID: try #require(SecurityGroupID(Self.group)),
            ruleID: try self.id(id),
            content: rule.map { RuleContent(rule: $0, ruleDescription: "of \(id)") },
            approval: source.map {
                Approval(source: $0, caller: Caller(issuerARN: issuer), eventTime: eventTime)
            },
            added: added
        )
    }

    private func past(
        _ rule: SecurityGroupRule?,
        id: Int? = 1,
        added: SecurityGroupRule? = nil,
        isRemoval: Bool = false,
        ago: Double = 0,
        limits: RevertLimits = RevertLimits(),
        caller: Caller = Caller()
    ) async throws -> RulePast {
        let query = PastQuery(
            eventID: "now",
            groupID: Self.group,
            eventTime: test.now.addingTimeInterval(-ago),
            isRemoval: isRemoval,
            limits: limits,
            caller: caller
        )
        let question = RuleQuestion(ruleID: try id.map(self.id), rule: rule, added: added)
        return try await test.ledger.write { try $0.past(of: question, query) }
    }

    @Test func `reverts that a clock dated later than now fill no limit`() async throws {
        test.advance(86_400)
        try await record("a", rules: [result(rule(), .revert, .reverted)])
        test.advance(-86_400)
        let past = try await past(rule(), limits: RevertLimits(perRule: 1, perGroup: 1, overall: 1))
        #expect(past.reverts == 0)
        #expect(past.roomAt == nil)
    }

    @Test func `reverts of the same rule in the same group within the hour count, and no others`() async throws {
        try await record("a", rules: [result(rule(), .revert, .reverted)])
        try await record("b", rules: [result(rule(), id: 2, .revert, .reverted)])
        try await record("c", rules: [result(rule(port: 23), .revert, .reverted)])
        try await record("d", rules: [result(rule("::/0"), .revert, .reverted)])
        try await record("e", rules: [result(rule(), .revert, .alreadyGone)])
        try await record("f", group: "sg-1", rules: [result(rule(), .revert, .reverted)])
        try await record("g", secondsAgo: 4000, rules: [result(rule(), .revert, .reverted)])
        try await record("now", rules: [result(rule(), .revert, .reverted)])
        let known = try await past(rule(), limits: RevertLimits(perRule: 1))
        #expect(known.reverts == 2)
        #expect(known.lastRevert.map { test.now.timeIntervalSince($0) < 1 } == true)
        #expect(try await past(rule()).reverts == 0, "without a limit nobody counts")
    }

    @Test func `the revert of a rule that had stood for long counts by the time of the revert`() async throws {
        for name in ["sweep-a", "exemption-end-b", "c"] {
            try await record(name, secondsAgo: 30 * 86_400, rules: [result(rule(), .revert, .reverted)])
        }
        let known = try await past(rule(), limits: RevertLimits(perRule: 9, perGroup: 2, overall: 2))
        #expect(known.reverts == 2, "the third is the record of an old call")
        #expect(known.roomAt != nil)
        #expect(try await past(rule(), limits: RevertLimits(perGroup: 3, overall: 3)).roomAt == nil)
    }

    @Test func `the limits of a group and of all have room when one of the last reverts is an hour old`() async throws {
        let start = test.now
        for name in ["a", "b", "c"] {
            try await record(name, rules: [result(rule(), .revert, .reverted)])
            test.advance(10)
        }
        #expect(try await past(rule(port: 1), limits: RevertLimits(perGroup: 4)).roomAt == nil)
        let group = try #require(try await past(rule(port: 1), limits: RevertLimits(perGroup: 2)).roomAt)
        #expect(abs(group.timeIntervalSince(start) - 3610) < 1)
        let all = try #require(try await past(rule(port: 1), limits: RevertLimits(overall: 1)).roomAt)
        #expect(abs(all.timeIntervalSince(start) - 3620) < 1)
    }

    @Test func `what a rule may say again is the newest approved content of its id`() async throws {
        let time = test.now
        try await record("a", sightings: [sighting(rule(port: 1), by: "allow a")])
        try await record("b", sightings: [sighting(rule(port: 2), by: "exempt b", issuer: "arn", eventTime: time)])
        try await record("c", sightings: [sighting(rule(port: 3))])
        let known = try await past(rule(port: 9))
        #expect(known.lastSeen == rule(port: 3))
        #expect(known.earlier?.content == RuleContent(rule: rule(port: 2), ruleDescription: "of 1"))
        #expect(known.earlier?.approval.source == "exempt b")
        #expect(known.earlier?.approval.caller.issuerARN == "arn")
        #expect(known.approval == nil)
        #expect(try await past(rule(port: 1)).approval == nil, "other approved content has replaced it")
        #expect(try await past(rule(port: 3)).approval == nil, "seen, and never approved")
        #expect(try await past(rule(port: 9), id: 2).earlier == nil)
    }

    @Test func `a later sighting without an approval takes none away`() async throws {
        try await record("a", sightings: [sighting(rule(), by: "exempt a", issuer: "arn")])
        try await record("b", sightings: [sighting(rule())])
        #expect(try await past(rule()).approval?.caller.issuerARN == "arn")
    }

    @Test func `a removed rule comes back only as it stood last, if that was approved`() async throws {
        try await record("a", sightings: [sighting(rule(port: 1), by: "allow a")])
        #expect(try await past(nil, isRemoval: true).earlier?.content.rule == rule(port: 1))
        #expect(try await past(rule(port: 1), isRemoval: true).earlier?.content.rule == rule(port: 1))
        #expect(try await past(rule(port: 1), id: nil, isRemoval: true).earlier?.content.rule == rule(port: 1))
        #expect(try await past(rule(port: 2), isRemoval: true).earlier == nil, "never seen")
        try await record("b", sightings: [sighting(rule(port: 2))])
        #expect(try await past(nil, isRemoval: true).earlier == nil, "seen last with what nobody approved")
        #expect(try await past(rule(port: 2), isRemoval: true).earlier == nil)
    }

    @Test func `a removal by somebody exempt settles it for whatever came before`() async throws {
        try await record("a", "RevokeSecurityGroupIngress", secondsAgo: 10, rules: [result(rule(), .exempt, .exempt)])
        #expect(try await past(rule(), isRemoval: true, ago: 60).isSettledLater)
        #expect(try await !past(rule(), isRemoval: true, ago: 5).isSettledLater)
        #expect(try await !past(rule(port: 9), isRemoval: true, ago: 60).isSettledLater)
    }

    @Test func `what somebody exempt removed since it was approved is not there to be removed again`() async throws {
        let approvedAt = test.now.addingTimeInterval(-100)
        try await record("a", sightings: [sighting(rule(), by: "exempt a", eventTime: approvedAt)])
        #expect(try await !past(rule(), isRemoval: true).isSettledLater)
        try await record("b", "RevokeSecurityGroupIngress", secondsAgo: 50, rules: [result(rule(), .exempt, .exempt)])
        let again = try await past(rule(), isRemoval: true)
        #expect(again.isSettledLater)
        #expect(again.contradiction?.contains("another event removed") == true)
        #expect(try await past(rule(), id: nil, isRemoval: true).isSettledLater, "by a record without ids")
        let later = test.now.addingTimeInterval(-20)
        try await record("c", sightings: [sighting(rule(), id: 2, by: "exempt a", eventTime: later)])
        #expect(try await !past(rule(), id: 2, isRemoval: true).isSettledLater, "approved again since")
    }

    @Test func `a rule that said something else since cannot be put back by its content`() async throws {
        try await record("a", sightings: [sighting(rule("0.0.0.0/0"), by: "exempt a")])
        try await record("b", sightings: [sighting(rule("10.0.0.0/8"), by: "exempt a")])
        #expect(try await past(rule("0.0.0.0/0"), id: nil, isRemoval: true).earlier == nil)
        #expect(try await past(rule("0.0.0.0/0"), isRemoval: true).earlier == nil)
        #expect(try await past(rule("10.0.0.0/8"), id: nil, isRemoval: true).earlier != nil)
    }

    @Test func `a second record that adds what somebody exempt added is a rival`() async throws {
        try await record("a", rules: [result(rule(), .exempt, .exempt)])
        #expect(try await past(rule(), added: rule()).rival?.contains("somebody exempt") == true)
        #expect(try await past(rule()).rival == nil, "a modification adds nothing")
        #expect(try await past(rule(), id: 2, added: rule()).rival == nil)
        #expect(try await !past(rule(), added: rule()).isClaimedByOthers)
    }

    @Test func `an exempt record that names no id approves nothing against one that names the rule`() async throws {
        let later = test.now.addingTimeInterval(60)
        try await record(
            "a",
            rules: [result(rule(), isNamed: false, .exempt, .exempt)],
            sightings: [sighting(rule(), by: "exempt a", eventTime: later)]
        )
        let named = try await past(rule(), added: rule())
        #expect(named.rival == nil)
        #expect(named.approval == nil)
        #expect(named.isExemptByContent)
        #expect(try await past(rule()).approval != nil, "a modification adds nothing")
        try await record("b", rules: [result(rule(), .exempt, .exempt)])
        #expect(try await past(rule(), added: rule()).rival != nil)
        #expect(try await past(rule(), added: rule()).approval != nil)
    }

    @Test func `a second record that adds what somebody added who may not do so is told of that`() async throws {
        try await record("a", rules: [result(rule(), .revert, .suppressed)])
        #expect(try await past(rule(), added: rule()).isClaimedByOthers)
        #expect(try await !past(rule()).isClaimedByOthers, "a modification adds nothing")
        #expect(try await !past(rule(), id: 2, added: rule()).isClaimedByOthers)
        #expect(try await past(rule(), added: rule()).rival == nil)
    }

    @Test func `a run without a result counts as one by somebody who may not, unless it has the same caller`()
        async throws
    {
        let facts = EventFacts(
            eventID: "a",
            eventName: "AuthorizeSecurityGroupIngress",
            groupID: Self.group,
            issuerARN: "arn:aws:iam::111122223333:role/dev"
        )
        let delivery = Delivery(messageID: "m", receivedAt: test.now)
        let id = try self.id(1).description
        let claim = try await test.ledger.write { try $0.claim(facts, delivery: delivery, intent: [id]) }.claim
        let other = Caller(issuerARN: "arn:aws:iam::111122223333:role/terraform")
        #expect(try await past(rule(), added: rule(), caller: other).isClaimedByOthers)
        #expect(try await !past(rule(), added: rule(), caller: Caller(issuerARN: facts.issuerARN)).isClaimedByOthers)
        #expect(try await !past(rule(), id: 2, added: rule(), caller: other).isClaimedByOthers)
        try await test.ledger.write { try $0.finish(claim, with: RunResult(outcome: .allowed)) }
        #expect(try await !past(rule(), added: rule(), caller: other).isClaimedByOthers)
    }

    @Test func `modifications that found the rule modified again are counted for an hour`() async throws {
        let outrun = try result(rule(), .revert, .changedSince)
        try await record("a", "ModifySecurityGroupRules", secondsAgo: 60, rules: [outrun])
        try await record("b", "ModifySecurityGroupRules", secondsAgo: 3500, rules: [outrun])
        try await record("c", "ModifySecurityGroupRules", secondsAgo: 3700, rules: [outrun])
        try await record("d", "ModifySecurityGroupRules", secondsAgo: 60, rules: [result(rule(), .revert, .reverted)])
        try await record("e", "AuthorizeSecurityGroupIngress", secondsAgo: 60, rules: [outrun])
        #expect(try await past(rule()).outrunModifications == 2)
        #expect(try await past(rule(), id: 2).outrunModifications == 0)
    }

    @Test func `a second record that adds the same id with other content is a contradiction`() async throws {
        let added = rule(port: 1)
        try await record("a", sightings: [sighting(added, by: "allow a", added: added)])
        #expect(try await past(rule(), added: rule()).contradiction?.contains("tcp 1 from") == true)
        #expect(try await past(added, added: added).contradiction == nil, "the same call, told in two accounts")
        #expect(try await past(rule()).contradiction == nil, "a modification says something else")
    }

    @Test func `the rule that stands is another event's where that event's record names it`() async throws {
        #expect(try await !past(rule()).isOfAnotherEvent)
        try await record("a", intent: [id(1).description])
        #expect(try await past(rule()).isOfAnotherEvent)
        #expect(try await !past(rule(), id: 2).isOfAnotherEvent)
    }

    @Test(arguments: ["2001:db8::/32", "pl-0123456789abcdef0", "sg-0fedcba9876543210", "10.0.0.0/8"])
    func `the last decision on a content is that of its last addition, not of its removal`(source: String) async throws
    {
        try await record("a", secondsAgo: 500, rules: [result(rule(source), .allow, .allowed)])
        try await record("b", secondsAgo: 400, rules: [result(rule(source), .revert, .reverted)])
        try await record(
            "c",
            "RevokeSecurityGroupIngress",
            secondsAgo: 300,
            rules: [result(rule(source), .allow, .allowed)]
        )
        #expect(try await past(rule(source), isRemoval: true).lastDecision == .revert)
        #expect(try await past(rule(source), isRemoval: true, ago: 450).lastDecision == .allow)
        #expect(try await past(rule(source, port: 1), isRemoval: true).lastDecision == nil)
    }

    @Test func `what stands is what was seen last of each rule, until it is seen to be gone`() async throws {
        let standing =
            "SELECT group_concat(rule_id || ' ' || from_port || ' ' || coalesce(approved_by, '-')) FROM standing_rules"
        try await record("a", sightings: [sighting(rule(port: 1), by: "allow a"), sighting(rule(port: 5), id: 2)])
        try await record("b", sightings: [sighting(rule(port: 2))])
        #expect(try test.value(standing) == "\(try id(1)) 2 -,\(try id(2)) 5 -")
        try await record("c", sightings: [sighting(nil)])
        #expect(try test.value(standing) == "\(try id(2)) 5 -")
        #expect(try await past(rule(port: 9)).earlier?.content.rule == rule(port: 1), "its approval is remembered")
    }

    @Test func `a claim tells whether one of its rules was seen before, and a group whether it was`() async throws {
        try await record("a", sightings: [sighting(rule())])
        let delivery = Delivery(messageID: "m", receivedAt: test.now)
        for (event, number) in [("b", 1), ("c", 2)] {
            let facts = EventFacts(eventID: event, eventName: "AuthorizeSecurityGroupIngress", groupID: Self.group)
            let intent = [try id(number).description]
            let claim = try await test.ledger.write { try $0.claim(facts, delivery: delivery, intent: intent) }.claim
            #expect(claim.knowsRules == (number == 1))
        }
        let now = test.now
        #expect(try await test.ledger.write { try $0.knewGroup(Self.group, before: now + 3600, but: "x") })
        #expect(try await !test.ledger.write { try $0.knewGroup(Self.group, before: now, but: "x") })
        #expect(try await !test.ledger.write { try $0.knewGroup("sg-1", before: now + 3600, but: "x") })
    }

    @Test func `a prune forgets rules that are gone for 28 days, and nothing that a standing rule is restored to`()
        async throws
    {
        let (approved, opened) = (rule(port: 443), rule(port: 22))
        // 1 is the group's first rule; 2 was approved and then opened; 3 and 4 went.
        try await record("1", sightings: [sighting(rule(port: 1), id: 1)])
        try await record("2", sightings: [sighting(approved, id: 2, by: "allow web")])
        try await record("3", sightings: [sighting(opened, id: 2), sighting(rule(port: 3), id: 3)])
        try await record("4", sightings: [sighting(rule(port: 4), id: 4, by: "exempt x")])
        try await record("5", sightings: [sighting(nil, id: 1), sighting(nil, id: 3), sighting(nil, id: 4)])
        func prune(limit: Int = 1) async throws -> Int {
            var count = 0
            while true {
                let dropped = try await test.ledger.write { try $0.pruneMemory(before: test.now, limit: limit) }
                guard dropped > 0 else { return count }
                count += dropped
            }
        }
        test.advance(27 * 86_400)
        #expect(try await prune() == 0)
        test.advance(2 * 86_400)
        #expect(try await prune() == 2)
        let left = "SELECT group_concat(substr(rule_id, -1) || ':' || from_port, ' ') FROM sightings"
        #expect(try test.value(left) == "1:1 2:22 2:443")
        let question = RuleQuestion(ruleID: try id(2), rule: opened)
        let query = PastQuery(
            eventID: "new",
            groupID: Self.group,
            eventTime: test.now,
            isRemoval: false,
            limits: RevertLimits()
        )
        let past = try await test.ledger.write { try $0.past(of: question, query) }
        #expect(past.earlier?.content.rule == approved, "the standing rule is still restored to what was approved")
    }
}
