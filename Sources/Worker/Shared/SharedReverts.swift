import AWSClient
import Foundation
import Hashing
import Ledger
import SecurityGroups

/// The reverts of the last hour that count toward the policy's limits, in all hosts of a fleet.
///
/// An item of the table holds the reverts of one group, or of all groups, in one hour of the clock. Each revert is a short text in
/// a set, so that a revert which is added twice counts once. A host reads the item before it reverts, and adds to it afterwards.
/// Hosts that read at the same time may together exceed a limit by the reverts that each of them has in hand.
struct SharedReverts: Hashable, Sendable {
    /// One revert of one rule.
    struct Entry: Hashable, Sendable {
        /// The time of the revert, in whole seconds.
        let time: Date
        /// A digest of the event's id.
        let event: String
        /// A digest of the rule's content.
        let rule: String
    }

    var entries: Set<Entry> = []

    /// Counts the reverts of the last hour of rules with this content. Those of the event itself do not count.
    func count(of rule: SecurityGroupRule, but eventID: String, now: Date) -> (count: Int, last: Date?) {
        let (rule, event) = (Self.digest("\(rule)"), Self.digest(eventID))
        let found = recent(now).filter { $0.rule == rule && $0.event != event }
        return (found.count, found.map(\.time).max())
    }

    /// The time at which the limit allows one more revert; nil if it allows one now.
    func roomAt(_ limit: Int, but eventID: String, now: Date) -> Date? {
        let event = Self.digest(eventID)
        let times = recent(now).filter { $0.event != event }.map(\.time).sorted(by: >)
        let index = max(limit - 1, 0)
        return times.indices.contains(index) ? min(times[index], now).addingTimeInterval(3600) : nil
    }

    /// The reverts of the last hour. Reverts that are dated much later, by a host whose clock is wrong, do not count.
    private func recent(_ now: Date) -> Set<Entry> {
        entries.filter { $0.time > now.addingTimeInterval(-3600) && $0.time < now.addingTimeInterval(300) }
    }

    /// Makes a short digest, because an item has room for 400 KB.
    static func digest(_ text: String) -> String {
        String(Digest.hex(Digest.sha256(Array(text.utf8))).prefix(12))
    }
}

extension SharedReverts.Entry {
    init(_ rule: SecurityGroupRule, of eventID: String, at time: Date) {
        self.init(
            time: Date(timeIntervalSince1970: time.timeIntervalSince1970.rounded(.down)),
            event: SharedReverts.digest(eventID),
            rule: SharedReverts.digest("\(rule)")
        )
    }

    /// The entry as the table holds it.
    var text: String { "\(Int(time.timeIntervalSince1970)) \(event) \(rule)" }

    /// Reads `text`.
    init?(text: String) {
        let parts = text.split(separator: " ").map(String.init)
        guard parts.count == 3, let seconds = Int(parts[0]) else { return nil }
        self.init(time: Date(timeIntervalSince1970: Double(seconds)), event: parts[1], rule: parts[2])
    }
}

extension SharedReverts {
    /// The keys of the items that hold the last hour, of a group or, without one, of all groups.
    static func keys(of groupID: String?, now: Date) -> [DynamoDBItem] {
        let hour = Int(now.timeIntervalSince1970) / 3600
        return [hour, hour - 1].map { SharedKey.reverts(of: groupID, hour: $0) }
    }

    /// Adds the reverts of an item.
    mutating func add(_ item: DynamoDBItem?) {
        guard case .stringSet(let texts)? = item?["reverts"] else { return }
        entries.formUnion(texts.compactMap(Entry.init))
    }

    /// The write that adds these entries to the item of their hour.
    static func write(_ entries: [Entry], of groupID: String?, now: Date) -> DynamoDBWrite {
        var update = SharedWrite.Update()
        update.set("expires_at", SharedWrite.expiry(now, after: 3 * 3600))
        update.add("reverts", .stringSet(Set(entries.map(\.text))))
        return update.write(SharedKey.reverts(of: groupID, hour: Int(now.timeIntervalSince1970) / 3600))
    }
}
