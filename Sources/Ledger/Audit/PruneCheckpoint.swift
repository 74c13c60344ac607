import Formats
import Foundation

/// The numbers of rows that a prune drops, or would drop.
package struct PruneCount: Hashable, Sendable {
    /// Events, with their rules and notices.
    package var events: Int
    /// Entries of the trail, dropped or emptied.
    package var entries: Int

    /// Creates a count; by default zero.
    package init(events: Int = 0, entries: Int = 0) {
        self.events = events
        self.entries = entries
    }
}

/// The content of an entry of kind `pruned`: the range of the dropped entries, and the last of them whole.
struct PruneCheckpoint {
    /// The last entry that was dropped.
    let last: TrailEntry
    /// The hash of the entry before it.
    let previousHash: String
    let entries: Int64
    let events: Int64
    /// The time of the prune.
    let at: String

    /// Reads an entry; nil if it is no checkpoint.
    init?(_ entry: TrailEntry) {
        guard let fields = try? entry.fields(), let last = fields["last"], let seq = last["seq"]?.integer,
            let at = last["at"]?.string, let worker = last["worker"]?.string, let kind = last["kind"]?.string,
            let entryHash = last["entry_hash"]?.string, let hash = last["hash"]?.string,
            let previousHash = last["previous_hash"]?.string
        else { return nil }
        self.last = TrailEntry(
            seq: seq,
            at: at,
            eventID: last["event_id"]?.string,
            worker: worker,
            kind: kind,
            before: last["before"]?.integer,
            entry: last["entry"]?.string,
            entryHash: entryHash,
            hash: hash
        )
        self.previousHash = previousHash
        entries = fields["entries"]?.integer ?? 0
        events = fields["events"]?.integer ?? 0
        self.at = entry.at
    }

    /// True if the last entry has its own hash.
    var isWhole: Bool { last.hasItsText && last.hash(after: previousHash) == last.hash }

    /// True if the last entry was old enough to be dropped at that time.
    var isOldEnough: Bool {
        guard let pruned = RFC3339.parse(at), let dropped = RFC3339.parse(last.at) else { return false }
        return pruned.timeIntervalSince(dropped) >= LedgerDatabase.dedupeHorizon
    }

    var gap: AuditVerification.Gap {
        AuditVerification.Gap(through: last.seq, entries: entries, events: events, lastAt: last.at, prunedAt: at)
    }
}

extension LedgerTransaction {
    /// Adds the checkpoint of a prune that is about to drop entries up to and with `last`.
    func appendCheckpoint(last: TrailEntry, previousHash: String, before: String, count: PruneCount) throws {
        try append(.pruned, eventID: nil) { json in
            json.member("before", .text(before))
            json.member("entries", .integer(Int64(count.entries)))
            json.member("events", .integer(Int64(count.events)))
            json.object("last") {
                $0.member("at", .text(last.at))
                $0.member("before", last.before.map(AuditValue.integer) ?? .null)
                $0.member("entry", AuditValue(last.entry))
                $0.member("entry_hash", .text(last.entryHash))
                $0.member("event_id", AuditValue(last.eventID))
                $0.member("hash", .text(last.hash))
                $0.member("kind", .text(last.kind))
                $0.member("previous_hash", .text(previousHash))
                $0.member("seq", .integer(last.seq))
                $0.member("worker", .text(last.worker))
            }
        }
    }
}
