import GRDB

/// The head of a ledger's trail at some time. Kept elsewhere, it later proves that no entry up to it was changed or cut
/// off, even by somebody who can write the file and recompute the chain.
package struct Anchor: Hashable, Sendable, CustomStringConvertible {
    /// The number of the entry.
    package let seq: Int64
    /// Its hash: 64 lower-case hexadecimal digits.
    package let hash: String

    init(seq: Int64, hash: String) {
        self.seq = seq
        self.hash = hash
    }

    /// Reads `SEQ:HASH`. Nil for any other text.
    package init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let seq = Int64(parts[0]), seq > 0, parts[1].utf8.count == 64,
            parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else { return nil }
        self.init(seq: seq, hash: String(parts[1]))
    }

    /// `SEQ:HASH`
    package var description: String { "\(seq):\(hash)" }
}

extension LedgerTransaction {
    /// The head of the trail; nil for an empty trail.
    package func anchor() throws -> Anchor? {
        try row("SELECT seq, hash FROM trail ORDER BY seq DESC LIMIT 1", []).map { Anchor(seq: $0[0], hash: $0[1]) }
    }
}
