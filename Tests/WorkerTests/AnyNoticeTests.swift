import Formats
import Foundation
import Ledger
import SecurityGroups
import TestSupport
import Testing

@testable import Worker

/// Notices of any text that others may have written into an event. The seeds are fixed.
@Suite struct AnyNoticeTests {
    private static let alphabet =
        "ab .:/\"'\\<>&|`$\n\r\t\u{0}\u{7}\u{1B}\u{7F}\u{9B}\u{202E}\u{2028}\u{200B}\u{E0041}é漢🦊"

    private func text(_ random: inout SeededGenerator) -> String {
        if random.chance(20) { return "x\nForged line \(random.text(Self.alphabet, 0...5))" }
        return random.chance(10) ? random.text(Self.alphabet, 500...3000) : random.text(Self.alphabet, 0...30)
    }

    /// A payload whose texts are any text, or missing.
    private func payload(_ random: inout SeededGenerator) throws -> String {
        func members(_ names: [String]) -> [String: Any] {
            var members: [String: Any] = [:]
            for name in names where random.chance(90) { members[name] = text(&random) }
            return members
        }
        var event = members([
            "event_name", "account", "region", "group_id", "actor_arn", "issuer_arn", "source_ip", "user_agent",
            "error_code", "error_message", "reason", "event_time", "actor_id", "actor_type", "invoked_by",
        ])
        event["event_id"] = text(&random)
        event["rules"] = (0..<Int.random(in: 0...4, using: &random)).map { _ in
            var rule = members(["rule_id", "group_id", "description", "decision", "reason", "undo"])
            for name in ["direction", "protocol", "source"] { rule[name] = text(&random) }
            rule["outcome"] = random.pick(["reverted", "failed", "already-gone", "suppressed"])
            rule["from_port"] = Int.random(in: -1...70_000, using: &random)
            rule["to_port"] = Int.random(in: -1...70_000, using: &random)
            return rule
        }
        return String(decoding: try JSONSerialization.data(withJSONObject: event), as: UTF8.self)
    }

    private func notice(_ outcome: EventOutcome, _ random: inout SeededGenerator) throws -> Notice {
        let payloads = try (0..<random.pick([1, 1, 1, 5])).map { _ in try payload(&random) }
        return Notice(
            id: text(&random),
            kind: outcome.rawValue,
            eventID: text(&random),
            account: text(&random),
            region: text(&random),
            groupID: random.chance(80) ? text(&random) : nil,
            payloads: payloads,
            count: payloads.count
        )
    }

    @Test(arguments: EventOutcome.allCases)
    func `whatever an event says, the subject is what SNS takes and no line of the body is another's`(
        outcome: EventOutcome
    ) throws {
        var random = SeededGenerator(seed: 20_261_127)
        for _ in 0..<40 {
            let notice = try notice(outcome, &random)
            let text = try NoticeText(notice)
            let isSubject = text.subject.utf8.allSatisfy { (0x20...0x7E).contains($0) }
            if !isSubject || text.subject.utf8.count >= 100 || !text.subject.hasPrefix("sg-revert: ") {
                Issue.record("\(text.subject.debugDescription)")
            }
            let unsafe = text.body.unicodeScalars.filter { $0.isUnsafeToShow && $0 != "\n" }
            let isForged = text.body.split(separator: "\n").contains { $0.hasPrefix("Forged") }
            if isForged || !unsafe.isEmpty || text.body.utf8.count > 256 * 1024 {
                Issue.record("\(text.body.debugDescription)")
            }
        }
    }

    @Test(arguments: [EventOutcome.reverted, .conflict])
    func `as JSON a notice is one object that is safe to print, and says what the notice says`(
        outcome: EventOutcome
    ) throws {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<40 {
            let notice = try notice(outcome, &random)
            let text = NoticeDocument(notice).text
            let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
            #expect(object["notice_id"] as? String == notice.id && object["event_id"] as? String == notice.eventID)
            #expect((object["events"] as? [Any])?.count == notice.payloads.count)
            #expect(text.utf8.count < 256 * 1024)
        }
    }
}
