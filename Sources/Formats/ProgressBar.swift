import Foundation

/// A progress bar on stderr. It shows nothing if stderr is no terminal.
package struct ProgressBar {
    private let label: String
    private let total: Int
    private let isShown: Bool
    private let write: (String) -> Void
    private var done = 0
    private var shown: String?

    /// - Parameters:
    ///   - label: The name of the work, such as "reading".
    ///   - total: The amount of work. It may be an estimate.
    ///   - isShown: False if stderr is no terminal.
    package init(
        _ label: String,
        total: Int,
        isShown: Bool = isatty(STDERR_FILENO) == 1,
        write: @escaping (String) -> Void = { FileHandle.standardError.write(Data($0.utf8)) }
    ) {
        self.label = label
        self.total = total
        self.isShown = isShown
        self.write = write
    }

    /// Counts one more item as done, and updates the bar.
    package mutating func advance() {
        done += 1
        // The total is an estimate, so there may be more items.
        show(Double(done) / Double(max(total, done)), note: total < 1000 ? "\(done)/\(max(total, done))" : nil)
    }

    /// Shows the share that is done, from 0 to 1.
    package mutating func show(_ share: Double, note: String? = nil) {
        guard isShown else { return }
        let text = Self.text(label, share: share, note: note)
        guard text != shown else { return }
        shown = text
        write("\r\(text)")
    }

    /// Removes the bar.
    package mutating func clear() {
        if shown != nil { write("\r\u{1B}[K") }
        shown = nil
    }

    /// The bar as text, without the carriage return. `note` replaces the percentage.
    package static func text(_ label: String, share: Double, note: String? = nil) -> String {
        let percent = share.isNaN ? 0 : Int(min(max(share, 0), 1) * 100)
        let bar = String(repeating: "█", count: percent / 5) + String(repeating: "░", count: 20 - percent / 5)
        return "\(label) \(bar) \(note ?? "\(percent) %")"
    }
}
