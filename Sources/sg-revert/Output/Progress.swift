import Foundation

/// A bar on stderr while something long is under way, when stderr is a terminal.
final class Progress {
    private let label: String
    private let isShown = isatty(STDERR_FILENO) == 1
    private var shown = -1

    init(_ label: String) {
        self.label = label
    }

    /// Shows the share that is done, from 0 to 1.
    func show(_ share: Double) {
        let percent = Int(min(max(share, 0), 1) * 100)
        guard isShown, percent != shown else { return }
        shown = percent
        let bar = String(repeating: "█", count: percent / 5) + String(repeating: "░", count: 20 - percent / 5)
        FileHandle.standardError.write(Data("\r\(label) \(bar) \(percent) %".utf8))
    }

    /// Takes the bar away.
    func clear() {
        if shown >= 0 { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }
        shown = -1
    }
}
