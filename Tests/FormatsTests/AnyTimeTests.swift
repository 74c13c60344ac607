import Formats
import Foundation
import TestSupport
import Testing

/// Laws of times, pauses, names and bars, tried on made-up values. The seed is fixed.
@Suite struct AnyTimeTests {
    private var random = SeededGenerator(seed: 20_261_127)

    @Test mutating func `a time is read as it was written, to the millisecond, and later times are later texts`() {
        var times = (0..<5000).map { _ in Int64.random(in: -62_167_219_200_000...253_402_300_799_999, using: &random) }
        times.sort()
        var last = ""
        for milliseconds in times {
            let text = RFC3339.format(Date(timeIntervalSince1970: Double(milliseconds) / 1000))
            let read = RFC3339.parse(text).map { Int64(($0.timeIntervalSince1970 * 1000).rounded()) }
            if read != milliseconds || text < last { Issue.record("\(milliseconds) is \(text)") }
            last = text
        }
    }

    @Test mutating func `one moment is the same in every offset and with any number of decimals`() {
        for _ in 0..<2000 {
            let seconds = Int64.random(in: 0...4_000_000_000, using: &random)
            let minutes = Int.random(in: -1439...1439, using: &random)
            let local = RFC3339.format(Date(timeIntervalSince1970: Double(seconds) + Double(minutes) * 60)).prefix(19)
            let decimals = random.pick(["", ".0", ".000000000"])
            let offset = String(format: "%02d:%02d", abs(minutes) / 60, abs(minutes) % 60)
            let text = "\(local)\(decimals)\(minutes < 0 ? "-" : "+")\(offset)"
            if RFC3339.parse(text)?.timeIntervalSince1970 != Double(seconds) { Issue.record("\(text)") }
        }
    }

    @Test mutating func `a time with one character changed is another time or none`() {
        let text = Array("2026-11-25T21:40:59.123Z".utf8)
        var read = 0
        for _ in 0..<3000 {
            var bytes = text
            let index = Int.random(in: bytes.indices, using: &random)
            bytes[index] = UInt8.random(in: 0x20...0x7E, using: &random)
            let changed = String(decoding: bytes, as: UTF8.self)
            guard bytes != text, let time = RFC3339.parse(changed) else { continue }
            read += 1
            let isSpelling = [10, 23].contains(index)
            if !isSpelling, RFC3339.format(time) == "2026-11-25T21:40:59.123Z" { Issue.record("\(changed)") }
        }
        #expect(read > 100)
    }

    @Test mutating func `a pause never passes its bound, and the bound never falls or passes the cap`() {
        for _ in 0..<500 {
            let base = random.duration(1...10_000)
            let cap = base + random.duration(0...1_000_000)
            let share = Double.random(in: 0...1, using: &random)
            let backoff = Backoff(base: base, cap: cap) { share }
            var last: Duration = .zero
            for attempt in 0...70 {
                let bound = backoff.bound(after: attempt)
                let pause = backoff.pause(after: attempt)
                if bound < last || bound > cap || pause > bound || pause < .zero { Issue.record("\(attempt)") }
                last = bound
            }
            if last != cap, base * 65_536 >= cap { Issue.record("\(base) never comes to \(cap)") }
        }
    }

    @Test mutating func `a name with one slip finds its way back`() {
        let names = [
            "queue-url", "dead-letter-queue-url", "concurrency", "log-format", "notify-format", "settle-seconds",
        ]
        for _ in 0..<1000 {
            let name = random.pick(names)
            var letters = Array(name)
            let index = Int.random(in: letters.indices, using: &random)
            switch random.pick([0, 1, 2]) {
            case 0: letters[index] = "x"
            case 1: letters.remove(at: index)
            default: letters.insert("x", at: index)
            }
            if nearest(to: String(letters), among: names) != name { Issue.record("\(String(letters))") }
        }
    }

    @Test mutating func `a bar is as wide at every share`() {
        for _ in 0..<500 {
            let text = ProgressBar.text("reading", share: Double.random(in: -1...2, using: &random), note: "n")
            if text.count != "reading ".count + 20 + " n".count { Issue.record("\(text)") }
        }
    }
}
