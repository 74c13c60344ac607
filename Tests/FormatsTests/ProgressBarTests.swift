import Formats
import Synchronization
import Testing

@Suite struct ProgressBarTests {
    /// What a bar writes while `count` of `total` things are done.
    private func written(total: Int, done count: Int, isShown: Bool = true) -> [String] {
        let texts = Mutex<[String]>([])
        var bar = ProgressBar("reading", total: total, isShown: isShown) { text in texts.withLock { $0.append(text) } }
        for _ in 0..<count { bar.advance() }
        bar.clear()
        return texts.withLock { $0 }
    }

    @Test func `a short work counts, and the bar goes at the end`() {
        #expect(
            written(total: 2, done: 3) == [
                "\rreading ██████████░░░░░░░░░░ 1/2", "\rreading ████████████████████ 2/2",
                "\rreading ████████████████████ 3/3", "\r\u{1B}[K",
            ]
        )
    }

    @Test func `a long work writes once for each percent`() {
        #expect(written(total: 10_000, done: 10_000).count == 102)
    }

    @Test func `nothing is shown where nobody looks, and nothing is cleared where nothing was shown`() {
        #expect(written(total: 2, done: 2, isShown: false) == [])
        #expect(written(total: 2, done: 0) == [])
    }

    @Test(arguments: [
        (-1.0, "░░░░░░░░░░░░░░░░░░░░ 0 %"), (2, "████████████████████ 100 %"), (.nan, "░░░░░░░░░░░░░░░░░░░░ 0 %"),
    ])
    func `any share makes a bar`(_ share: Double, _ bar: String) {
        #expect(ProgressBar.text("x", share: share) == "x \(bar)")
    }
}
