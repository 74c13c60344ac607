import Formats
import Foundation
import Ledger

extension NoticeText {
    /// Writes a notice that is not about an event's outcome: an outage, a reminder, an exemption.
    init(ofNoEvent notice: Notice) throws {
        let payload = try JSONDecoder().decode([String: PayloadValue].self, from: Data(notice.payload.utf8))
        let headline = Self.headlines[notice.kind] ?? "has something to tell (\(asciiText(notice.kind, limit: 30)))"
        let region = QuotedText.region(notice.region ?? payload["region"]?.text)
        let account = QuotedText.account(notice.account ?? payload["account"]?.text)
        let group = QuotedText.group(notice.groupID ?? payload["group_id"]?.text)
        let service = payload["service"]?.text.map { asciiText($0, limit: 20) }
        let place = [service, region, group, account.map { "account \($0)" }].compactMap(\.self)
        let title = place.isEmpty ? headline : "\(headline): \(place.joined(separator: ", "))"
        var lines = ["sg-revert: \(title)."]
        let shown = ["service", "region", "account", "group_id"]
        for (name, value) in payload.sorted(by: { $0.key < $1.key }) where !shown.contains(name) {
            let label = plainText(name.replacingOccurrences(of: "_", with: " "), limit: 40)
            guard let text = value.text else { continue }
            lines += Self.table([(label.prefix(1).uppercased() + label.dropFirst(), QuotedText.plainIfStrict(text))])
        }
        if notice.kind == "outage" {
            lines += ["", "Work that needs it waits and is done when it is back. Other work goes on."]
        }
        lines += ["", "Notice \(QuotedText.plainIfStrict(notice.id))"]
        self.init(subject: asciiText("sg-revert: \(title)", limit: 99), body: lines.joined(separator: "\n") + "\n")
    }

    private static let headlines = [
        "outage": "out of order for more than a minute",
        "outage-over": "works again",
        "watch-ended": "a watched group no longer matches the policy",
        "reminder": "a temporary exemption is about to end",
        "exemption-begun": "a temporary exemption has begun",
        "exemption-ended": "a temporary exemption has ended",
    ]
}

/// A value of a payload that is a text, a number or a truth value.
struct PayloadValue: Decodable {
    let text: String?

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            self.text = text
        } else if let number = try? container.decode(Int64.self) {
            text = String(number)
        } else if let truth = try? container.decode(Bool.self) {
            text = truth ? "yes" : "no"
        } else {
            text = nil
        }
    }
}
