import Formats
import Foundation
import Ledger
import SecurityGroups
import Testing

@testable import Worker

/// Text of others is harmless where people read it.
@Suite struct TextTests {
    /// A notice as the ledger would write it.
    private func notice(
        _ outcome: EventOutcome,
        group: String? = Name.group,
        rules: Int = 1,
        ruleOutcome: String = "reverted",
        texts: String = ""
    ) throws -> Notice {
        let rule: [String: Any] = [
            "rule_id": Name.rule(1), "direction": "ingress", "protocol": "tcp", "from_port": 22, "to_port": 22,
            "source": "0.0.0.0/0", "description": "ssh\(texts)", "outcome": ruleOutcome, "undo": "aws ec2 undo",
        ]
        let payload: [String: Any] = [
            "event_id": "e1\(texts)", "event_name": "Authorize\(texts)", "account": "111122223333\(texts)",
            "region": "eu-west-1", "group_id": Name.group,
            "actor_arn": "arn:aws:sts::111122223333:assumed-role/dev/mia\(texts)",
            "issuer_arn": "arn:aws:iam::111122223333:role/dev\(texts)", "source_ip": "198.51.100.7\(texts)",
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

    @Test(arguments: [
        (EventOutcome.reverted, "reverted", 1, "reverted 1 rule"),
        (.reverted, "reverted", 2, "reverted 2 rules"), (.failed, "failed", 3, "could not revert 3 rules yet"),
        (.deadLettered, "failed", 1, "gave up on an event"),
        (.suppressed, "suppressed", 1, "left 1 rule open for now, limit reached"),
        (.unchanged, "already-gone", 1, "found nothing left to revert"), (.allowed, "allowed", 1, "allowed 1 rule"),
        (.reported, "reported", 1, "would have reverted 1 rule"),
        (.notRestored, "not-restored", 1, "did not put back 1 rule"),
        (.conflict, "reverted", 1, "met an event that contradicts what is known"),
        (.ignored, "failed", 0, "ignored an event"),
    ]
    )
    func `a notice's subject says what became of the event`(
        outcome: EventOutcome,
        ruleOutcome: String,
        rules: Int,
        words: String
    ) throws {
        let text = try NoticeText(notice(outcome, rules: rules, ruleOutcome: ruleOutcome))
        #expect(text.subject == "sg-revert: \(words) in \(Name.group) (eu-west-1)")
        #expect(
            text.body.hasPrefix(
                "\(text.subject).\nAccount   111122223333\nRegion    eu-west-1\nGroup     \(Name.group)\n"
            )
        )
    }

    @Test func `a notice's body says who, what, from where, for how long, and how to undo it`() throws {
        let body = try NoticeText(notice(.reverted)).body
        #expect(body.contains("Who       arn:aws:iam::111122223333:role/dev\n"))
        #expect(body.contains("Session   arn:aws:sts::111122223333:assumed-role/dev/mia\n"))
        #expect(body.contains("Call      Authorize\n"))
        #expect(body.contains("Open for  2.3 s\n"))
        #expect(body.contains("- reverted: ingress tcp 22 from 0.0.0.0/0 (\(Name.rule(1)), \"ssh\")\n"))
        #expect(body.contains("  to undo that: aws ec2 undo\n"))
    }

    @Test func `hostile text neither breaks a line nor the subject, and stands in quotes`() throws {
        let texts = "\u{1B}]0;x\u{7}\r\nWho       root\u{202E}" + String(repeating: "é", count: 3000)
        let text = try NoticeText(notice(.reverted, group: texts, texts: texts))
        #expect(text.subject == "sg-revert: reverted 1 rule")
        #expect(text.body.hasPrefix("sg-revert: reverted 1 rule.\nAccount   111122223333\n\n"))
        #expect(text.body.unicodeScalars.allSatisfy { $0 == "\n" || plainText(String($0)) == String($0) })
        let lines = text.body.split(separator: "\n")
        #expect(lines.count { $0.hasPrefix("Who ") } == 1)
        #expect(
            lines.allSatisfy { !$0.contains("root") || $0.contains(": \"") || $0.contains(" \"") || $0.contains("(\"") }
        )
        #expect(
            text.body.contains(
                #"Who       "arn:aws:iam::111122223333:role/dev\u001b]0;x\u0007\r\nWho       root\u202e"#
            )
        )
    }

    @Test(arguments: [
        ("evil.example", false), ("https://evil.example/", false), ("ec2.amazonaws.com", true),
        ("AuthorizeSecurityGroupIngress", true), ("198.51.100.7", true), ("2001:db8::1", true),
        ("two words", false),
        ("arn:aws:iam::111122223333:role/a+b=c,d.e@f_g-h", true), ("arn:aws:iam::1:role/x", false),
        ("arn:aws:iam::111122223333:role/x y", false), ("arn:aws:s3:::bucket", false), ("", false),
        ("2026-11-25T09:30:00Z", true), ("AROAEXAMPLE:mia@example.com", false),
    ]
    )
    func `text with an address to click on, or of no type of AWS, stands in quotes`(text: String, isPlain: Bool) {
        #expect(QuotedText.plainIfStrict(text) == (isPlain ? text : "\"\(text)\""))
    }

    @Test func `text of a record that is not believed stands in quotes altogether, without a command to paste`() throws
    {
        for outcome in [EventOutcome.conflict, .deadLettered] {
            let body = try NoticeText(notice(outcome)).body
            #expect(body.contains("The message may be forged."))
            #expect(body.contains("Who       \"arn:aws:iam::111122223333:role/dev\"\n"))
            #expect(body.contains("- reverted: \"ingress tcp 22 from 0.0.0.0/0\""))
            #expect(!body.contains("to undo that"))
        }
    }

    @Test func `a caller without an ARN is named by what the record has`() throws {
        let payload =
            #"{"event_id":"e1","actor_type":"AWSService","invoked_by":"eks.amazonaws.com","actor_id":"AIDA1","rules":[]}"#
        let notice = Notice(id: "e1:reverted", kind: "reverted", eventID: "e1", payloads: [payload])
        #expect(try NoticeText(notice).body.contains("Who       AWSService, for eks.amazonaws.com, id AIDA1\n"))
    }

    @Test func `a notice that sums up says how many events there were, and shows those that it has`() throws {
        let one = try notice(.reverted)
        let sum = Notice(
            id: one.id,
            kind: one.kind,
            eventID: one.eventID,
            account: one.account,
            region: one.region,
            groupID: one.groupID,
            payloads: Array(repeating: one.payload, count: 3),
            count: 7
        )
        let text = try NoticeText(sum)
        #expect(text.subject == "sg-revert: reverted at least 3 rules in \(Name.group) (eu-west-1)")
        #expect(text.body.contains("7 events of this kind, summed up"))
        #expect(text.body.components(separatedBy: "Who ").count == 4)
    }

    @Test func `an outage says what is out since when, and why`() throws {
        let payload = #"{"service":"ec2","region":"eu-west-1","since":"2026-11-25T09:30:00.000Z","error":"no route"}"#
        let text = try NoticeText(Notice(id: "outage:1", kind: "outage", payloads: [payload]))
        #expect(text.subject == "sg-revert: out of order for more than a minute: ec2, eu-west-1")
        #expect(
            text.body.contains("Since     2026-11-25T09:30:00.000Z\n") && text.body.contains("Error     \"no route\"\n")
        )
    }

    @Test func `a notice as JSON is one object with place, count and events, and no larger than SNS takes`() throws {
        let document = NoticeDocument(try notice(.reverted))
        let json = try #require(
            try JSONSerialization.jsonObject(with: Data(document.text.utf8)) as? [String: Any]
        )
        #expect(json["outcome"] as? String == "reverted" && json["region"] as? String == "eu-west-1")
        #expect(
            json["event_id"] as? String == "e1" && json["count"] as? Int == 1 && json["truncated"] as? Bool == false
        )
        #expect((json["events"] as? [[String: Any]])?.first?["event_name"] as? String == "Authorize")
        let large = NoticeDocument(try notice(.reverted, rules: 1000, texts: String(repeating: "é", count: 250)))
        #expect(large.text.utf8.count < 256 * 1024 && large.text.contains(#""truncated":true"#))
    }

    @Test func `a notice of a thousand rules is one that SNS takes, and says how many it leaves out`() throws {
        let text = try NoticeText(notice(.reverted, rules: 1000, texts: String(repeating: "é", count: 250)))
        #expect(text.body.utf8.count < 256 * 1024)
        #expect(text.body.contains(" more: sg-revert audit query"))
    }

    @Test func `a payload that no ledger wrote is an error`() {
        let notice = Notice(
            id: "e1:reverted",
            kind: "reverted",
            eventID: "e1",
            payloads: ["{}"]
        )
        #expect(throws: DecodingError.self) { try NoticeText(notice) }
    }
}
