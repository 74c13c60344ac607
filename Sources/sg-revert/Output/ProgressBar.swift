import Foundation

/// One line on stderr that tells how far a long work is; nothing where stderr is no terminal.
struct ProgressBar {
    private let total: Int
    private let isShown: Bool
    private let write: (String) -> Void
    private var done = 0

    /// - Parameters:
    ///   - total: how much there is to do, as far as anybody knows.
    ///   - isShown: whether a person looks at it.
    init(
        total: Int,
        isShown: Bool = isatty(STDERR_FILENO) == 1,
        write: @escaping (String) -> Void = { FileHandle.standardError.write(Data($0.utf8)) }
    ) {
        self.total = total
        self.isShown = isShown
        self.write = write
    }

    /// One more is done.
    mutating func advance() {
        done += 1
        guard isShown else { return }
        // Queues count approximately, so there may be more than was said.
        let all = max(total, done)
        let filled = done * 30 / all
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: 30 - filled)
        write("\r[\(bar)] \(done)/\(all)")
    }

    /// Takes the line away.
    func finish() {
        if isShown, done > 0 { write("\r\u{1B}[K") }
    }
}
