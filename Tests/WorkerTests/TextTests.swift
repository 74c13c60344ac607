import Formats
import Foundation
import Ledger
import SecurityGroups
import Testing

@testable import Worker

@Suite("Text of others is harmless where people read it")
struct TextTests {
    /// A notice as the ledger would write it.
    private func notice(
        _ outcome: EventOutcome,
        group: String? = Name.group,
        rules: Int = 1,
        ruleOutcome: String = "reverted",
        texts: String = ""
    ) throws -> Notice {
        let rule: [String: Any] = [
            "rule_id": "sgr-1", "direction": "ingress", "protocol": "tcp", "from_port": 22, "to_port": 22,
            "source": "0.0.0.0/0", "description": "ssh\(texts)", "outcome": ruleOutcome, "undo": "aws ec2 undo",
        ]
        let payload: [String: Any] = [
            "event_id": "e1\(texts)", "event_name": "Authorize\(texts)", "account": "111122223333\(texts)",
            "region": "eu-west-1", "group_id": Name.group, "actor_arn": "arn:session\(texts)",
            "issuer_arn": "arn:role\(texts)", "source_ip": "198.51.100.7\(texts)",
            "event_time": "2026-11-25T09:30:00.000Z", "exposed_ms": 2345, "error_message": "bad\(texts)",
            "rules": Array(repeating: rule, count: rules),
        ]
        return Notice(
            id: "e1:\(outcome.rawValue)",
            kind: outcome.rawValue,
            eventID: "e1",
            account: "111122223333",
            region: "eu-west-1\(texts)",
            groupID: group,
            payloads: [String(decoding: try JSONSerialization.data(withJSONObject: payload), as: UTF8.self)]
        )
    }

    @Test(
        "A notice's subject says what became of the event",
        arguments: [
            (EventOutcome.reverted, "reverted", 1, "reverted 1 rule"),
            (.reverted, "reverted", 2, "reverted 2 rules"), (.failed, "failed", 3, "could not revert 3 rules yet"),
            (.deadLettered, "failed", 1, "gave up on an event"),
            (.suppressed, "suppressed", 1, "left 1 rule open, limit reached"),
            (.unchanged, "already-gone", 1, "found nothing left to revert"), (.allowed, "allowed", 1, "allowed 1 rule"),
            (.reported, "reported", 1, "would have reverted 1 rule"), (.ignored, "failed", 0, "ignored an event"),
        ]
    )
    func subjects(outcome: EventOutcome, ruleOutcome: String, rules: Int, words: String) throws {
        let text = try NoticeText(notice(outcome, rules: rules, ruleOutcome: ruleOutcome))
        #expect(text.subject == "sg-revert: \(words) in \(Name.group) (eu-west-1)")
        #expect(text.body.hasPrefix("sg-revert: \(words) in security group \(Name.group).\n"))
    }

    @Test("A notice's body says who, what, from where, for how long, and how to undo it")
    func body() throws {
        let body = try NoticeText(notice(.reverted)).body
        #expect(body.contains("Who       arn:role\n"))
        #expect(body.contains("Session   arn:session\n"))
        #expect(body.contains("Open for  2.3 s\n"))
        #expect(body.contains("- reverted: ingress tcp 22 from 0.0.0.0/0 (sgr-1, \"ssh\")\n"))
        #expect(body.contains("  to undo that: aws ec2 undo\n"))
    }

    @Test("Hostile text neither breaks a line nor the subject")
    func hostile() throws {
        let texts = "\u{1B}]0;x\u{7}\r\nWho       root\u{202E}" + String(repeating: "é", count: 3000)
        let text = try NoticeText(notice(.deadLettered, group: texts, texts: texts))
        #expect(text.subject.utf8.count < 100)
        #expect(text.subject.utf8.allSatisfy { (0x20...0x7E).contains($0) })
        #expect(text.body.unicodeScalars.allSatisfy { $0 == "\n" || plainText(String($0)) == String($0) })
        #expect(text.body.split(separator: "\n").count { $0.hasPrefix("Who ") } == 1)
    }

    @Test("A notice of a thousand rules is one that SNS takes, and says how many it leaves out")
    func manyRules() throws {
        let text = try NoticeText(notice(.reverted, rules: 1000, texts: String(repeating: "é", count: 250)))
        #expect(text.body.utf8.count < 256 * 1024)
        #expect(text.body.contains(" more: sg-revert audit query"))
    }

    @Test("A payload that no ledger wrote is an error")
    func badPayload() {
        let notice = Notice(
            id: "e1:reverted",
            kind: "reverted",
            eventID: "e1",
            payloads: ["{}"]
        )
        #expect(throws: DecodingError.self) { try NoticeText(notice) }
    }
}
