import Foundation
import GRDB
import SecurityGroups
import TestSupport
import Testing

@testable import Ledger

/// Entries of the trail: what a hash covers, how an event's entries are found, and how they are exported.
@Suite struct TrailEntryTests {
    @Test func `the hash is the SHA-256 of a JSON array, which anybody can compute`() {
        // Computed with Python's hashlib and json.
        let first = TrailEntry.made(1, "note")
        #expect(first.entryHash == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a")
        #expect(first.hash == "cd77a945830ec68842094bd7c3d16a38d52ba9bf7169b6a3b39f09ec3f3462f9")
        let second = TrailEntry.made(2, "claimed", eventID: nil, before: 1, after: first.hash)
        #expect(second.hash == "d5615ba451ae5e7c47dd9fd842780b58d3ae5b78bae2548beace89ddeb8ab63d")
    }

    @Test(arguments: EntryField.allCases)
    func `the hash covers every member`(_ field: EntryField) {
        let entry = TrailEntry.made(7, "claimed", before: 3)
        #expect(field.changed(in: entry).hash(after: TrailEntry.genesis) != entry.hash)
        #expect(entry.hash(after: TrailEntry.genesis) == entry.hash)
        #expect(entry.hash(after: entry.hash) != entry.hash)
    }

    @Test func `a character that moves from one member to the next changes the hash`() {
        func hash(at: String, _ eventID: String?, _ worker: String, _ kind: String) -> String {
            TrailEntry.hash(
                after: TrailEntry.genesis,
                seq: 1,
                at: at,
                eventID: eventID,
                worker: worker,
                kind: kind,
                before: nil,
                entryHash: ""
            )
        }
        let hashes = [
            hash(at: "ab", "c", "d", "e"), hash(at: "a", "bc", "d", "e"), hash(at: "ab", "cd", "", "e"),
            hash(at: "ab", "c", "", "de"), hash(at: #"ab","c"#, "", "d", "e"), hash(at: "ab", nil, "d", "e"),
            hash(at: "ab", "", "d", "e"), hash(at: "ab", "null", "d", "e"),
        ]
        #expect(Set(hashes).count == hashes.count)
    }

    @Test func `an entry that a prune emptied has its text, as far as anybody can tell`() {
        #expect(TrailEntry.made(1, "claimed", isEmptied: true).hasItsText)
        #expect(TrailEntry.made(1, "claimed").hasItsText)
    }

    // MARK: The entries of one event

    private func entries(_ test: TestLedger, of eventID: String) throws -> [Int64] {
        try LedgerReader(path: test.path).read { try TrailEntry.entries(of: eventID, in: $0) }.map(\.seq)
    }

    private func filled() async throws -> TestLedger {
        let test = try TestLedger()
        for round in 0..<2 {
            for id in ["a", "b"] { try await test.ledger.finish(id, replays: round, RunResult(outcome: .reverted)) }
        }
        return test
    }

    @Test func `an event's entries are found by its links, the oldest first, and no other's`() async throws {
        let test = try await filled()
        #expect(try entries(test, of: "a") == [1, 2, 5, 6])
        #expect(try entries(test, of: "b") == [3, 4, 7, 8])
        #expect(try entries(test, of: "c") == [])
    }

    /// Changes somebody makes to the links of event `a`, and the entries that are found then.
    @Test(arguments: [
        ("a link to itself", "UPDATE trail SET before = 5 WHERE seq = 5", [5, 6]),
        ("a link forwards", "UPDATE trail SET before = 6 WHERE seq = 5", [5, 6]),
        ("a link to another event's entry", "UPDATE trail SET before = 4 WHERE seq = 5", [5, 6]),
        ("a link to nothing", "DELETE FROM trail WHERE seq = 2", [5, 6]),
        ("a row that names another event's entry", "UPDATE events SET last_seq = 7 WHERE event_id = 'a'", []),
        ("a row that names no entry", "UPDATE events SET last_seq = 99 WHERE event_id = 'a'", []),
        ("a negative link", "UPDATE trail SET before = -1 WHERE seq = 2", [2, 5, 6]),
    ])
    func `links that were altered end the search`(_ name: String, _ sql: String, _ expected: [Int64]) async throws {
        let test = try await filled()
        try await DatabaseQueue(path: test.path).writeWithoutTransaction {
            try $0.execute(sql: "DROP TRIGGER trail_keeps; DROP TRIGGER trail_stays; \(sql)")
        }
        #expect(try entries(test, of: "a") == expected, "\(name)")
    }

    // MARK: Export

    @Test func `each exported line is an object with the table's columns in their order`() async throws {
        let test = try TestLedger()
        try await test.ledger.finish("e", RunResult(outcome: .failed, reason: "said \"no\"\n\u{202E}"))
        try await test.ledger.write { try $0.note(entry: ["n": .integer(1)]) }
        let (lines, last) = try #require(try LedgerReader(path: test.path).trailLines(after: 0))
        #expect(lines.count == 3 && last == 3)
        let columns = TrailEntry.columns.split(separator: ", ").map(String.init)
        for line in lines {
            #expect(!line.contains("\n") && !line.unicodeScalars.contains("\u{202E}"))
            let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            #expect(Set(object.keys) == Set(columns) && object["entry"] is [String: Any])
            let places = columns.compactMap { line.range(of: "\"\($0)\":")?.lowerBound }
            #expect(places.count == columns.count && places == places.sorted())
        }
        #expect(lines[2].hasPrefix(#"{"seq":3,"at":""#) && lines[2].contains(#""event_id":null"#))
    }

    @Test func `the exported text of an entry is exactly the one that its hash covers`() async throws {
        let test = try TestLedger()
        try await test.ledger.finish("e", .reverting)
        let text = try #require(try test.value("SELECT entry FROM trail WHERE seq = 2"))
        let (lines, _) = try #require(try LedgerReader(path: test.path).trailLines(after: 1))
        #expect(lines.count == 1 && lines[0].contains(#""entry":\#(text),"entry_hash""#))
    }

    @Test func `an emptied entry is exported as null, with the hashes that prove its place`() async throws {
        let test = try TestLedger()
        try await test.ledger.finish("e", RunResult(outcome: .ignored))
        test.advance(2 * 86_400)
        let cutoff = test.now.addingTimeInterval(-86_400)
        _ = try await test.ledger.write { try $0.prune(before: cutoff) }
        let (lines, _) = try #require(try LedgerReader(path: test.path).trailLines(after: 0))
        #expect(lines.filter { $0.contains(#""entry":null,"entry_hash":""#) }.count == 2)
    }

    @Test func `an export goes page by page, each entry once, and ends after the last`() async throws {
        let test = try TestLedger()
        try await test.ledger.write { transaction in
            for number in 1...1200 { try transaction.note(entry: ["n": .integer(Int64(number))]) }
        }
        let reader = try LedgerReader(path: test.path)
        var sizes: [Int] = []
        var lines: [String] = []
        var last: Int64 = 0
        while let page = try reader.trailLines(after: last) {
            sizes.append(page.lines.count)
            lines += page.lines
            last = page.last
        }
        #expect(sizes == [500, 500, 200] && last == 1200 && Set(lines).count == 1200)
        #expect(try reader.trailLines(after: 1200) == nil)
    }

    @Test func `an empty ledger exports nothing`() throws {
        let test = try TestLedger()
        _ = try test.ledger
        #expect(try LedgerReader(path: test.path).trailLines(after: 0) == nil)
    }
}
