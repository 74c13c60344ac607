import TestSupport

/// What happened in a simulation, as a number: two runs with the same digest went the same way.
package struct SimulatedTrace: Sendable {
    /// FNV-1a of all lines.
    package private(set) var digest: UInt64 = 0xCBF2_9CE4_8422_2325
    /// How many lines there were.
    package private(set) var count = 0
    /// Where each line goes, for a person who looks for a fault.
    private let output: (@Sendable (String) -> Void)?

    /// - Parameter output: gets each line; nil keeps the digest alone.
    package init(output: (@Sendable (String) -> Void)? = nil) {
        self.output = output
    }

    mutating func note(_ text: String, at time: Duration) {
        let line = "\(time.inSeconds) \(text)"
        for byte in line.utf8 {
            digest = (digest ^ UInt64(byte)) &* 0x100_0000_01B3
        }
        count += 1
        output?(line)
    }
}
