import AWSClient
import Foundation
import Ledger
import SecurityGroups
import Testing

@testable import Worker

/// The conditional writes by which the hosts of a fleet keep from running an event twice.
@Suite struct SharedWriteTests {
    private static let now = Date(timeIntervalSince1970: 1_764_063_000.5)
    private static let claim = SharedClaim(key: "e", fence: 4, token: "ours", replayCount: 2)

    /// The expression with each placeholder replaced by the name or the value that it stands for.
    private func spelled(_ expression: DynamoDBExpression) -> String {
        func text(_ value: DynamoDBValue) -> String {
            switch value {
            case .string(let text): "'\(text)'"
            case .number(let digits): digits
            case .stringSet(let texts): "{\(texts.sorted().joined(separator: " "))}"
            default: "\(value)"
            }
        }
        var spelled = ""
        var word = ""
        for character in expression.text + " " {
            if character.isLetter || character.isNumber || "#:_".contains(character) {
                word.append(character)
            } else {
                spelled += (expression.names[word] ?? expression.values[word].map(text) ?? word) + "\(character)"
                word = ""
            }
        }
        return String(spelled.dropLast())
    }

    private func update(_ write: DynamoDBWrite) -> (key: DynamoDBItem, text: String, condition: String?) {
        guard case .update(let key, let expression) = write.action else { return ([:], "no update", nil) }
        return (key, spelled(expression), write.condition.map(spelled))
    }

    private func first(
        after record: SharedRecord?,
        replays: Int = 0,
        intent: [String] = []
    ) -> (key: DynamoDBItem, text: String, condition: String?) {
        update(
            SharedWrite.claim(
                SharedKey.event("e"),
                after: record,
                digest: "d",
                token: "ours",
                owner: "host:1",
                replayCount: replays,
                intent: intent,
                now: Self.now,
                lease: .seconds(60)
            )
        )
    }

    private static let lease = "1764063060500"
    private static let expiry = "1766655000"

    @Test func `the first claim needs that nobody has written the event`() {
        let (key, text, condition) = first(after: nil)
        #expect(key == ["pk": .string("event#e")] && condition == "attribute_not_exists(pk)")
        #expect(
            text == "SET digest = 'd', fence = 1, token = 'ours', owner = 'host:1', lease_until = \(Self.lease), "
                + "claim_replays = 0, expires_at = \(Self.expiry)"
        )
    }

    @Test func `a claim after another needs that its fence, its token and its lease stand as they were read`() {
        var record = SharedRecord(digest: "d", fence: 3, token: "theirs")
        #expect(
            first(after: record).condition == "fence = 3 AND token = 'theirs' AND attribute_not_exists(lease_until)"
        )
        record.leaseUntil = Self.now
        let renewed = first(after: record)
        #expect(renewed.condition == "fence = 3 AND token = 'theirs' AND lease_until = 1764063000500")
        #expect(renewed.text.contains("fence = 4,"))
    }

    @Test func `a takeover keeps the higher count of replays, and adds the rules that the record names`() {
        var record = SharedRecord(digest: "d", fence: 3, token: "theirs")
        record.claimReplayCount = 5
        #expect(first(after: record, replays: 2).text.contains("claim_replays = 5"))
        #expect(first(after: record, replays: 7).text.contains("claim_replays = 7"))
        #expect(first(after: nil, intent: ["sgr-2", "sgr-1", "sgr-2"]).text.hasSuffix(" ADD matched {sgr-1 sgr-2}"))
    }

    private static let held = "fence = 4 AND token = 'ours'"

    @Test func `a renewal needs that the claim is still ours and that its run has not ended`() {
        let write = update(SharedWrite.renew(Self.claim, now: Self.now, lease: .seconds(60)))
        #expect(write.condition == Self.held + " AND attribute_exists(lease_until)")
        #expect(write.key == SharedKey.event("e"))
    }

    @Test func `an end and a return need that the claim is still ours, and may be repeated`() {
        let writes = [
            SharedWrite.finish(Self.claim, .reverted, tells: true, now: Self.now), SharedWrite.release(Self.claim),
        ]
        for write in writes {
            #expect(update(write).condition == Self.held && update(write).key == SharedKey.event("e"))
        }
    }

    @Test func `a renewal moves the end of the lease, and keeps the rules that are about to go`() {
        let plain = SharedWrite.renew(Self.claim, now: Self.now, lease: .seconds(60))
        #expect(update(plain).text == "SET lease_until = \(Self.lease)")
        let matched = SharedWrite.renew(Self.claim, matched: ["sgr-1"], now: Self.now, lease: .seconds(60))
        #expect(update(matched).text == "SET lease_until = \(Self.lease) ADD matched {sgr-1}")
    }

    @Test(arguments: EventOutcome.allCases, [true, false])
    func `an end frees the claim, and counts a replay once its outcome is final`(_ outcome: EventOutcome, _ tells: Bool)
    {
        let text = update(SharedWrite.finish(Self.claim, outcome, tells: tells, now: Self.now)).text
        let replays = outcome.isFinal ? ", replays = 2" : ""
        let told = tells ? " ADD told {\(outcome.rawValue)}" : ""
        #expect(
            text == "SET outcome = '\(outcome.rawValue)', finished_at = 1764063000500\(replays), "
                + "expires_at = \(Self.expiry)\(told)"
                + " REMOVE lease_until, claim_replays"
        )
    }

    @Test func `a claim that is given back leaves no lease, and says nothing of an outcome`() {
        #expect(update(SharedWrite.release(Self.claim)).text == "REMOVE lease_until, claim_replays")
    }

    @Test func `a call of ours is kept for 30 days, whoever wrote it before`() {
        let write = SharedWrite.call("r1", owner: "host:1", now: Self.now)
        #expect(
            write.action
                == .put(["pk": .string("call#r1"), "owner": .string("host:1"), "expires_at": .number(Self.expiry)])
        )
        #expect(write.condition == nil)
    }

    @Test func `no text from outside is part of an expression`() {
        let hostile = "x = :y REMOVE #z --"
        let claim = SharedClaim(key: hostile, fence: 1, token: hostile)
        for write in [
            SharedWrite.renew(claim, matched: [hostile], now: Self.now, lease: .zero),
            SharedWrite.finish(claim, .failed, tells: true, now: Self.now), SharedWrite.release(claim),
        ] {
            guard case .update(_, let expression) = write.action else { continue }
            #expect(!expression.text.contains("--") && write.condition?.text.contains("--") == false)
        }
    }

    // MARK: Rules

    private static let approval = Approval(
        source: "exempt terraform",
        caller: Caller(issuerARN: "arn", invokedBy: "eks.amazonaws.com", sourceIdentity: "mia"),
        eventTime: now
    )

    @Test(arguments: [approval, Approval(source: "exempt x"), nil] as [Approval?])
    func `a rule that another host judged is read as it was written`(_ approval: Approval?) throws {
        let rule = SharedRule(
            ruleID: Name.rule(1),
            content: "c",
            eventID: "e",
            asOf: Self.now.addingTimeInterval(0.5),
            approval: approval
        )
        guard case .put(let item) = rule.write(now: Self.now).action else {
            Issue.record("no put")
            return
        }
        #expect(SharedRule(item, ruleID: Name.rule(1)) == rule)
        #expect(item["pk"] == .string("rule#\(Name.rule(1))") && item["expires_at"] == .number("1795599000"))
    }

    @Test(arguments: ["content", "event_id"])
    func `an item without what a rule needs is no rule's`(_ name: String) {
        var item: DynamoDBItem = ["content": .string("c"), "event_id": .string("e")]
        #expect(SharedRule(item, ruleID: "r") != nil)
        item[name] = .integer(7)
        #expect(SharedRule(item, ruleID: "r") == nil)
    }

    @Test func `a run tells the other hosts of what it left to an exempt caller and of what it reported`() throws {
        let live = try liveRule(1)
        func sighting(_ approval: Approval?, stands: Bool = true) -> RuleSighting {
            RuleSighting(
                region: "eu-west-1",
                groupID: live.groupID,
                ruleID: live.id,
                content: stands ? live.content : nil,
                approval: approval
            )
        }
        func sighting(_ source: String, stands: Bool = true) -> RuleSighting {
            sighting(Approval(source: source), stands: stands)
        }
        func told(_ sightings: [RuleSighting], _ rules: [RuleResult] = []) -> [SharedRule] {
            var result = RunResult(outcome: .allowed, rules: rules)
            result.sightings = sightings
            return SharedRule.all(of: result, eventID: "e", call: Self.now, now: Self.now)
        }
        #expect(told([sighting("exempt terraform")]).map(\.approval?.source) == ["exempt terraform"])
        #expect(told([sighting("exempt terraform")]).map(\.content) == ["\(live.rule)"])
        #expect(told([sighting("baseline")]).map(\.approval?.source) == ["baseline"], "no policy file says so")
        let maker = Approval(source: "allow office", exemption: "exempt terraform")
        #expect(told([sighting(maker)]).map(\.approval?.source) == ["exempt terraform"], "the policy may be narrowed")
        for other in [sighting("allow office"), sighting(nil), sighting("exempt x", stands: false)] {
            #expect(told([other]).isEmpty)
        }
        func result(_ outcome: RuleOutcome, id: String? = Name.rule(1)) -> RuleResult {
            RuleResult(
                ruleID: id,
                direction: .ingress,
                ipProtocol: "tcp",
                fromPort: 21,
                toPort: 21,
                source: "0.0.0.0/0",
                outcome: outcome
            )
        }
        let reported = told([], [result(.reported), result(.reverted), result(.reported, id: nil)])
        #expect(reported.map(\.ruleID) == [Name.rule(1)] && reported.map(\.approval) == [nil])
        #expect(reported.map(\.content) == ["\(live.rule)"])
    }
}
