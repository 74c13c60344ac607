import Hashing
import Testing

@testable import Ledger

/// A member of an entry that its hash must cover.
enum EntryField: CaseIterable {
    case seq, at, eventID, worker, kind, before, entryHash

    /// The entry with another value there, and with the same hash.
    func changed(in entry: TrailEntry) -> TrailEntry {
        TrailEntry(
            seq: self == .seq ? entry.seq + 1 : entry.seq,
            at: self == .at ? "2020-01-01T00:00:00.000Z" : entry.at,
            eventID: self == .eventID ? "another" : entry.eventID,
            worker: self == .worker ? "another" : entry.worker,
            kind: self == .kind ? "another" : entry.kind,
            before: self == .before ? (entry.before ?? 0) + 1 : entry.before,
            entry: self == .entryHash ? "[]" : entry.entry,
            entryHash: self == .entryHash ? Digest.hex(Digest.sha256(Array("[]".utf8))) : entry.entryHash,
            hash: entry.hash
        )
    }
}

extension TrailEntry {
    /// An entry as a writer makes it after the entry with the hash `previous`.
    static func made(
        _ seq: Int64,
        _ kind: String,
        at: String = "2026-11-25T09:30:00.000Z",
        eventID: String? = "e",
        before: Int64? = nil,
        text: String = "{}",
        isEmptied: Bool = false,
        after previous: String = genesis
    ) -> TrailEntry {
        var entry = TrailEntry(
            seq: seq,
            at: at,
            eventID: eventID,
            worker: "one",
            kind: kind,
            before: before,
            entry: isEmptied ? nil : text,
            entryHash: Digest.hex(Digest.sha256(Array(text.utf8)))
        )
        entry.hash = entry.hash(after: previous)
        return entry
    }
}

/// The chain of the trail, entry by entry, without a file.
@Suite struct ChainWalkTests {
    /// One entry of a chain: its kind, its event's entry before it, and whether a prune took its text.
    private typealias Link = (kind: String, before: Int64?, isEmptied: Bool)

    private func chain(_ links: [Link], after start: Anchor? = nil) -> [TrailEntry] {
        var entries: [TrailEntry] = []
        for link in links {
            let seq = (entries.last?.seq ?? start?.seq ?? 0) + 1
            let previous = entries.last?.hash ?? start?.hash ?? TrailEntry.genesis
            entries.append(.made(seq, link.kind, before: link.before, isEmptied: link.isEmptied, after: previous))
        }
        return entries
    }

    private func notes(_ count: Int, after start: Anchor? = nil) -> [TrailEntry] {
        chain(Array(repeating: ("note", nil, false), count: count), after: start)
    }

    private func findings(_ entries: [TrailEntry], after start: Anchor? = nil, anchor: Anchor? = nil) -> [AuditFinding]
    {
        var walk = ChainWalk(head: start, anchor: anchor)
        return walk.begin() + entries.flatMap { walk.check($0) } + walk.end()
    }

    @Test func `a whole chain has no finding, and its head is its last entry`() {
        let entries = notes(3)
        var walk = ChainWalk(head: nil, anchor: nil)
        #expect(walk.begin().isEmpty && walk.head == nil)
        for entry in entries { #expect(walk.check(entry).isEmpty) }
        #expect(walk.end().isEmpty && walk.count == 3)
        #expect(walk.head == Anchor(seq: 3, hash: entries[2].hash))
    }

    @Test(arguments: EntryField.allCases)
    func `a change of any member breaks the chain there, and only there`(_ field: EntryField) {
        // A number that was changed leaves a gap before it, so it is the last one here.
        var entries = notes(field == .seq ? 2 : 4)
        entries[1] = field.changed(in: entries[1])
        #expect(findings(entries) == [field == .seq ? .removed(from: 2, to: 2) : .broken(seq: 2)])
    }

    @Test func `a hash that was computed anew breaks the chain at the entry after it`() {
        var entries = notes(4)
        entries[1] = .made(2, "note", text: #"{"said":"something else"}"#, after: entries[0].hash)
        #expect(findings(entries) == [.broken(seq: 3)])
    }

    @Test func `a text that does not have its hash is unreadable, and the chain goes on`() {
        var entries = notes(3)
        let old = entries[1]
        entries[1] = TrailEntry(
            seq: old.seq,
            at: old.at,
            eventID: old.eventID,
            worker: old.worker,
            kind: old.kind,
            before: old.before,
            entry: #"{"a":1}"#,
            entryHash: old.entryHash,
            hash: old.hash
        )
        #expect(findings(entries) == [.unreadable(seq: 2)])
    }

    @Test func `entries that are missing are named once, with the first and the last`() {
        let entries = notes(9)
        #expect(findings(Array(entries[0...0] + entries[4...])) == [.removed(from: 2, to: 4)])
        #expect(findings(Array(entries[..<3] + entries[4...])) == [.removed(from: 4, to: 4)])
        #expect(findings(Array(entries[2...])) == [.removed(from: 1, to: 2)])
        #expect(
            findings([entries[0], entries[2], entries[8]]) == [.removed(from: 2, to: 2), .removed(from: 4, to: 8)]
        )
    }

    @Test func `after a prune the chain begins at the entry that the prune kept`() {
        let start = Anchor(seq: 40, hash: String(repeating: "a", count: 64))
        let entries = notes(2, after: start)
        #expect(entries.map(\.seq) == [41, 42] && findings(entries, after: start).isEmpty)
        let other = Anchor(seq: 40, hash: String(repeating: "b", count: 64))
        #expect(findings(entries, after: other) == [.broken(seq: 41)])
        // Where no prune tells of the beginning, the gap is a finding already, and nothing is known to compare with.
        #expect(findings(entries, after: Anchor(seq: 40, hash: "")).isEmpty)
    }

    /// Where an anchor was taken, in a chain of the entries 41 to 43, and what it proves.
    @Test(
        arguments: [
            (41, true, []), (43, true, []), (40, true, []), (40, false, [.rewritten(anchor: 40)]),
            (42, false, [.rewritten(anchor: 42)]), (43, false, [.rewritten(anchor: 43)]),
            (44, false, [.truncated(head: 43, anchor: 44)]), (39, false, [.anchorPruned(anchor: 39, first: 41)]),
            (1, false, [.anchorPruned(anchor: 1, first: 41)]),
        ] as [(Int64, Bool, [AuditFinding])]
    )
    func `an anchor holds where its entry is the one that it was taken from`(
        _ seq: Int64,
        _ isTheSame: Bool,
        _ expected: [AuditFinding]
    ) throws {
        let start = Anchor(seq: 40, hash: String(repeating: "a", count: 64))
        let entries = notes(3, after: start)
        let own = entries.first { $0.seq == seq }?.hash ?? start.hash
        let anchor = Anchor(seq: seq, hash: isTheSame ? own : String(repeating: "c", count: 64))
        #expect(findings(entries, after: start, anchor: anchor) == expected)
    }

    @Test func `an anchor of an empty trail was cut off`() {
        let anchor = Anchor(seq: 1, hash: String(repeating: "a", count: 64))
        #expect(findings([], anchor: anchor) == [.truncated(head: 0, anchor: 1)])
    }

    @Test(arguments: TrailKind.allCases.map(\.rawValue) + ["made-up", ""])
    func `an entry may be emptied only where a prune may empty its kind`(_ kind: String) {
        let found = findings(chain([(kind, nil, true)]))
        switch TrailKind(rawValue: kind) {
        case .ignored, .deadLettered: #expect(found.isEmpty)
        default: #expect(found == [.emptied(seq: 1)])
        }
    }

    /// Entries of one event that were emptied, as kind and the entry before, and what a walk finds.
    @Test(
        arguments: [
            ("ended as ignored", [("claimed", nil), ("ignored", 1)], []),
            ("ended in the dead-letter queue", [("claimed", nil), ("dead-lettered", 1)], []),
            (
                "failed twice before",
                [("claimed", nil), ("failed", 1), ("claimed", 2), ("failed", 3), ("claimed", 4), ("ignored", 5)], []
            ),
            ("told of its end", [("claimed", nil), ("dead-lettered", 1), ("notified", 2)], []),
            ("never ended", [("claimed", nil)], [1]),
            ("failed and never ended", [("claimed", nil), ("failed", 1)], [2]),
            ("reverted", [("claimed", nil), ("finished", 1)], [2]),
            ("judged before it was ignored", [("claimed", nil), ("finished", 1), ("claimed", 2), ("ignored", 3)], [2]),
            ("of another event that ended", [("claimed", nil), ("ignored", nil)], [1]),
            ("told of what never ended", [("claimed", nil), ("notified", 1)], [2]),
            ("told of nothing", [("notified", nil)], [1]),
            ("one end for two claims", [("claimed", nil), ("claimed", nil), ("ignored", 2)], [1]),
        ] as [(String, [(String, Int64?)], [Int64])]
    )
    func `entries may be emptied only of an event that ended as ignored or dead-lettered`(
        _ name: String,
        _ links: [(String, Int64?)],
        _ emptied: [Int64]
    ) {
        let entries = chain(links.map { (kind: $0.0, before: $0.1, isEmptied: true) })
        #expect(findings(entries) == emptied.map { .emptied(seq: $0) }, "\(name)")
    }

    @Test func `a whole entry between emptied ones does not close what they left open`() {
        let entries = chain([("claimed", nil, true), ("failed", 1, true), ("claimed", 2, false), ("ignored", 3, true)])
        #expect(findings(entries) == [.emptied(seq: 2)])
    }
}
