import Formats
import Foundation
import Testing

@testable import Ledger

/// The entry by which a prune proves what it dropped.
@Suite struct PruneCheckpointTests {
    private static let dropped = Date(timeIntervalSince1970: 1_764_000_000)
    private static let previous = String(repeating: "7", count: 64)

    private static let last = TrailEntry.made(
        41,
        "claimed",
        at: RFC3339.format(dropped),
        before: 12,
        text: #"{"attempt":1}"#,
        after: previous
    )

    /// The members of `last` in the checkpoint, as JSON.
    private static let members = [
        "at": "\"\(last.at)\"", "before": "12", "entry": #""{\"attempt\":1}""#, "entry_hash": "\"\(last.entryHash)\"",
        "event_id": #""e""#, "hash": "\"\(last.hash)\"", "kind": #""claimed""#, "previous_hash": "\"\(previous)\"",
        "seq": "41", "worker": #""one""#,
    ]

    /// A checkpoint whose `last` has other members; nil leaves a member out.
    private func made(
        _ changes: [String: String?] = [:],
        at: Date = dropped.addingTimeInterval(LedgerDatabase.dedupeHorizon)
    ) -> PruneCheckpoint? {
        var members: [String: String?] = Self.members
        members.merge(changes) { $1 }
        let texts = members.sorted { $0.key < $1.key }.compactMap { key, value in value.map { "\"\(key)\":\($0)" } }
        let text = #"{"entries":30,"events":4,"last":{\#(texts.joined(separator: ","))}}"#
        return PruneCheckpoint(.made(50, "pruned", at: RFC3339.format(at), eventID: nil, text: text))
    }

    @Test func `a checkpoint keeps the last dropped entry whole, with how many went`() throws {
        let checkpoint = try #require(made())
        #expect(checkpoint.last == Self.last && checkpoint.previousHash == Self.previous)
        #expect(checkpoint.entries == 30 && checkpoint.events == 4 && checkpoint.isWhole)
    }

    @Test(arguments: ["seq", "at", "worker", "kind", "entry_hash", "hash", "previous_hash"])
    func `an entry without a member that the chain needs is no checkpoint`(_ member: String) {
        #expect(made([member: nil]) == nil)
        #expect(made([member: "[]"]) == nil)
    }

    @Test(arguments: ["", "{", "[]", "{}", #"{"last":7}"#])
    func `other text is no checkpoint`(_ text: String) {
        #expect(PruneCheckpoint(.made(50, "pruned", text: text)) == nil)
    }

    @Test func `an entry about no event, the first of its event, or one that was emptied may be the last`() throws {
        for (changes, field) in [(["event_id": "null"], "eventID"), (["before": "null"], "before")] {
            let checkpoint = try #require(made(changes), "\(field)")
            // These have other hashes, so they are not the entry that was dropped here.
            #expect(!checkpoint.isWhole, "\(field)")
        }
        let emptied = try #require(made(["entry": "null"]))
        #expect(emptied.last.entry == nil && emptied.isWhole)
    }

    /// A forged member of the last entry.
    @Test(arguments: [
        ("seq", "42"), ("at", #""2020-01-01T00:00:00.000Z""#), ("event_id", #""other""#), ("worker", #""other""#),
        ("kind", #""note""#), ("before", "13"), ("entry", #""{\"attempt\":2}""#), ("entry_hash", #""0""#),
        ("hash", #""0""#), ("previous_hash", #""0""#),
    ])
    func `a last entry that was altered does not have its hash`(_ member: String, _ value: String) throws {
        #expect(try !#require(made([member: value])).isWhole)
    }

    @Test(
        arguments: [(0.0, true), (1, true), (-0.001, false), (-86_400, false), (86_400 * 365, true)] as [(Double, Bool)]
    )
    func `a prune may drop what was 28 days old when it ran, and not a millisecond younger`(
        _ seconds: Double,
        _ isOldEnough: Bool
    ) throws {
        let at = Self.dropped.addingTimeInterval(LedgerDatabase.dedupeHorizon + seconds)
        #expect(try #require(made(at: at)).isOldEnough == isOldEnough)
    }

    @Test func `a time that cannot be read is not old enough`() throws {
        #expect(try !#require(made(["at": #""long ago""#])).isOldEnough)
        let at = #""0000-00-00T00:00:00.000Z""#
        #expect(try !#require(made(["at": at])).isOldEnough)
    }

    @Test func `the gap names the entries that went, and when`() throws {
        let gap = try #require(made()).gap
        #expect(gap.through == 41 && gap.entries == 30 && gap.events == 4)
        let prunedAt = RFC3339.format(Self.dropped.addingTimeInterval(LedgerDatabase.dedupeHorizon))
        #expect(
            gap.description
                == "entries 12 to 41, until \(Self.last.at), were pruned at \(prunedAt), "
                + "with 4 events that they alone told of"
        )
    }
}
