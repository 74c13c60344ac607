import Formats
import Foundation
import Ledger
import SecurityGroups

/// The format of notifications.
package enum NoticeFormat: String, Sendable, CaseIterable {
    /// For people.
    case text
    /// For programs: one JSON object.
    case json
}

/// A notification as a JSON object: its id, its kind, its place, and its events.
struct NoticeDocument: Hashable, Sendable {
    let text: String

    /// The largest document that SNS and EventBridge accept, with room for the other fields.
    private static let limit = 240_000

    /// Makes a document. Events that do not fit are left out, and `truncated` is then true.
    init(_ notice: Notice) {
        var members: [(String, String)] = [
            ("notice_id", JSONText.quoted(notice.id)), ("kind", JSONText.quoted(notice.kind)),
            ("count", "\(notice.count)"),
        ]
        let place = [
            ("outcome", notice.outcome?.rawValue), ("account", notice.account), ("region", notice.region),
            ("group_id", notice.groupID), ("event_id", notice.eventID),
        ]
        members += place.map { ($0, $1.map { JSONText.quoted($0) } ?? "null") }
        var room = Self.limit - members.reduce(0) { $0 + $1.0.utf8.count + $1.1.utf8.count }
        var payloads: [String] = []
        for payload in notice.payloads where Self.isObject(payload) {
            room -= payload.utf8.count + 1
            guard room > 0 else { break }
            payloads.append(payload)
        }
        members.append((notice.outcome == nil ? "details" : "events", "[\(payloads.joined(separator: ","))]"))
        members.append(("truncated", payloads.count < notice.payloads.count ? "true" : "false"))
        text = JSONText.object(members.map { ($0, $1) })
    }

    private static func isObject(_ json: String) -> Bool {
        (try? JSONSerialization.jsonObject(with: Data(json.utf8))) is [String: Any]
    }
}
