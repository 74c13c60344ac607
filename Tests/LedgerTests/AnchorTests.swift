import SecurityGroups
import TestSupport
import Testing

@testable import Ledger

@Suite struct AnchorTests {
    private static let hash = String(repeating: "0123456789abcdef", count: 4)

    @Test(arguments: ["1:\(hash)", "9223372036854775807:\(hash)"])
    func `an anchor is read as it was written`(_ text: String) {
        #expect(Anchor(text)?.description == text)
    }

    @Test(arguments: [
        "", ":", "1", "1:", ":\(hash)", "0:\(hash)", "-1:\(hash)", "x:\(hash)", "1:\(hash)0", "1:\(hash.dropLast())",
        "1:\(hash):", "1:1:\(hash)", " 1:\(hash)", "1:\(hash) ", "9223372036854775808:\(hash)",
        "1:\(String(repeating: "g", count: 64))", "1:\(String(repeating: "é", count: 32))",
    ])
    func `other text is no anchor`(_ text: String) {
        #expect(Anchor(text) == nil)
    }

    @Test func `the anchor of a ledger is the number and the hash of its last entry`() async throws {
        let test = try TestLedger()
        let ledger = try test.open()
        #expect(try await ledger.write { try $0.anchor() } == nil)
        try await ledger.finish("e", RunResult(outcome: .allowed))
        let anchor = try #require(try await ledger.write { try $0.anchor() })
        #expect(anchor.seq == 2)
        #expect(try test.value("SELECT hash FROM trail WHERE seq = 2") == anchor.hash)
        #expect(try LedgerReader(path: test.path).verify(anchor: anchor).findings.isEmpty)
    }
}

/// What the rest of the ledger rests on: which entries may be emptied, and which lead to an event.
@Suite struct TrailKindTests {
    @Test(arguments: TrailKind.allCases)
    func `what a prune may empty has changed and judged nothing, and is about an event`(kind: TrailKind) {
        if kind.isShortLived { #expect(kind.tellsOfEvent) }
        if kind.endsRun { #expect(kind.tellsOfEvent) }
        #expect(kind.rawValue.utf8.allSatisfy { (0x61...0x7A).contains($0) || $0 == 0x2D })
    }

    @Test func `the entries that prove a revert, an approval or a prune are never emptied`() {
        let kept: [TrailKind] = [.finished, .baseline, .exemption, .carried, .pruned, .note]
        #expect(TrailKind.allCases.filter { !$0.isShortLived } == kept)
        #expect(TrailKind.allCases.filter(\.endsRun) == [.finished, .failed, .ignored, .deadLettered])
    }
}
