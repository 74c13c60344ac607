import Formats
import Foundation
import Ledger
import SecurityGroups

/// A notification in words: who, what, where, when, and what was done.
struct NoticeText: Hashable, Sendable {
    /// ASCII, under 100 characters, no line break: what SNS admits.
    let subject: String
    /// Readable text.
    let body: String

    /// How many bytes the rules may take: SNS refuses a message over 256 KiB.
    private static let rulesLimit = 200_000

    /// Puts a notice into words. Texts of others are stripped of control characters.
    ///
    /// - Throws: `DecodingError` for a payload that no ledger wrote.
    init(_ notice: Notice) throws {
        let event = try JSONDecoder().decode(Event.self, from: Data(notice.payload.utf8))
        let group = notice.groupID.map { plainText($0, limit: 40) } ?? "a group"
        let region = notice.region.map { plainText($0, limit: 30) } ?? "an unknown Region"
        let headline = notice.outcome.map { Self.headline($0, rules: event.rules) } ?? notice.kind
        subject = asciiText("sg-revert: \(headline) in \(group) (\(region))", limit: 99)

        var lines = ["sg-revert: \(headline) in security group \(group).", ""]
        func line(_ label: String, _ text: String?) {
            guard let text else { return }
            lines.append(
                "\(label)\(String(repeating: " ", count: max(10 - label.count, 1)))\(plainText(text, limit: 2048))"
            )
        }
        line("Who", event.issuerARN ?? event.actorARN)
        if event.actorARN != event.issuerARN { line("Session", event.actorARN) }
        line("From", event.sourceIP)
        line("Call", event.eventName)
        line("When", event.eventTime)
        line("Account", event.account)
        line("Region", event.region)
        line("Group", event.groupID)
        line("Open for", event.exposedMilliseconds.map { "\(Double($0 / 100) / 10) s" })
        line("Error", event.errorMessage)
        if !event.rules.isEmpty {
            lines += ["", "Rules"]
            var room = Self.rulesLimit
            for (index, rule) in event.rules.enumerated() {
                var text = "- \(plainText(rule.outcome)): \(plainText(rule.words, limit: 2048))"
                if let undo = rule.undo { text += "\n  to undo that: \(undo)" }
                room -= text.utf8.count + 1
                guard room >= 0 else {
                    lines.append("- and \(event.rules.count - index) more: sg-revert audit query --rules tells of all")
                    break
                }
                lines.append(text)
            }
        }
        lines.append("")
        line("Event", event.eventID)
        body = lines.joined(separator: "\n") + "\n"
    }

    private static func headline(_ outcome: EventOutcome, rules: [Rule]) -> String {
        func count(_ outcome: RuleOutcome) -> String {
            let count = rules.count { $0.outcome == outcome.rawValue }
            return count == 1 ? "1 rule" : "\(count) rules"
        }
        return switch outcome {
        case .reverted: "reverted \(count(.reverted))"
        case .failed: "could not revert \(count(.failed)) yet"
        case .deadLettered: "gave up on an event"
        case .suppressed: "left \(count(.suppressed)) open, limit reached"
        case .notRestored: "could not put back \(count(.notRestored))"
        case .conflict: "met a message that contradicts what is known"
        case .unchanged: "found nothing left to revert"
        case .allowed: "allowed \(count(.allowed))"
        case .reported: "would have reverted \(count(.reported))"
        case .ignored: "ignored an event"
        }
    }

    private struct Event: Decodable {
        let eventID: String
        let eventName: String?
        let account: String?
        let region: String?
        let groupID: String?
        let actorARN: String?
        let issuerARN: String?
        let sourceIP: String?
        let eventTime: String?
        let exposedMilliseconds: Int64?
        let errorMessage: String?
        let rules: [Rule]

        private enum CodingKeys: String, CodingKey {
            case account, region, rules
            case eventID = "event_id"
            case eventName = "event_name"
            case groupID = "group_id"
            case actorARN = "actor_arn"
            case issuerARN = "issuer_arn"
            case sourceIP = "source_ip"
            case eventTime = "event_time"
            case exposedMilliseconds = "exposed_ms"
            case errorMessage = "error_message"
        }
    }

    private struct Rule: Decodable {
        let ruleID: String?
        let direction: String
        let ipProtocol: String
        let fromPort: Int?
        let toPort: Int?
        let source: String
        let description: String?
        let outcome: String
        let undo: String?

        private enum CodingKeys: String, CodingKey {
            case direction, source, description, outcome, undo
            case ruleID = "rule_id"
            case ipProtocol = "protocol"
            case fromPort = "from_port"
            case toPort = "to_port"
        }

        /// `ingress tcp 22 from 0.0.0.0/0 (sgr-…, "ssh for all")`
        var words: String {
            let ports = PortRange(from: fromPort ?? -1, to: toPort ?? -1)
            let rule = ruleInWords(direction: direction, ipProtocol: ipProtocol, ports: ports, peer: source)
            let notes = [ruleID, description.map { "\"\($0)\"" }].compactMap(\.self)
            return notes.isEmpty ? rule : "\(rule) (\(notes.joined(separator: ", ")))"
        }
    }
}
