import Formats
import Foundation

/// Lays out a table: each column is as wide as its longest cell; on a terminal, the table fits the terminal.
struct TableLayout {
    /// The style of tables.
    struct Style: Hashable, Sendable {
        /// The columns that were asked for; nil for the table's own.
        var columns: [String]?
        /// True to print all columns.
        var isWide = false
        /// The terminal's width; nil to cut nothing.
        var width: Int?
        /// True to print the header in bold.
        var isStyled = false

        /// The style that cuts nothing and has no bold text.
        static let plain = Style()
    }

    /// The columns that may be cut. An id or a time is useful only as a whole.
    private static let flexible: Set = [
        "actor_arn", "issuer_arn", "reason", "description", "error", "error_message", "last_error", "user_agent",
        "source", "detail", "message", "event_name", "worker",
    ]
    private static let leastWidth = 12
    /// Columns that a narrow terminal goes without, the first to go first, unless somebody asked for them.
    private static let spare = [
        "exposed_ms", "region", "event_name", "issuer_arn", "message_id", "event_time", "sent_at",
    ]

    let columns: [String]
    let style: Style

    /// The lines of a table. The cells of each row are in the order of `columns`.
    func lines(_ rows: [[String]]) -> [String] {
        let natural = columns.indices.map { index in
            max(columns[index].displayWidth, rows.map { $0[index].displayWidth }.max() ?? 0)
        }
        let shown = kept(natural)
        guard shown.count == columns.count else {
            let narrow = Self(columns: shown.map { columns[$0] }, style: style)
            return narrow.lines(rows.map { row in shown.map { row[$0] } })
        }
        let widths = fitted(natural)
        let header = line(columns, widths)
        return [style.isStyled ? "\u{1B}[1m\(header)\u{1B}[0m" : header] + rows.map { line($0, widths) }
    }

    private func line(_ cells: [String], _ widths: [Int]) -> String {
        let padded = zip(cells, widths).map { cell, width in
            let text = cell.fitted(to: width)
            return text + String(repeating: " ", count: max(0, width - text.displayWidth))
        }
        let line = padded.joined(separator: "  ")
        return String(line.prefix(through: line.lastIndex { $0 != " " } ?? line.startIndex))
    }

    /// The columns that find room: where the terminal is too narrow, those that can be spared are left out.
    private func kept(_ natural: [Int]) -> [Int] {
        var kept = Array(columns.indices)
        guard let limit = style.width, style.columns == nil else { return kept }
        func least() -> Int {
            kept.reduce(2 * (kept.count - 1)) { sum, index in
                sum + (Self.flexible.contains(columns[index]) ? min(natural[index], Self.leastWidth) : natural[index])
            }
        }
        for name in Self.spare where least() > limit {
            kept.removeAll { columns[$0] == name }
        }
        return kept
    }

    /// Takes from the widest column that may be cut, until the table fits or none can give more.
    private func fitted(_ natural: [Int]) -> [Int] {
        guard let limit = style.width else { return natural }
        var widths = natural
        var excess = widths.reduce(0, +) + 2 * (widths.count - 1) - limit
        while excess > 0 {
            let givers = widths.indices.filter { Self.flexible.contains(columns[$0]) && widths[$0] > Self.leastWidth }
            guard let widest = givers.max(by: { widths[$0] < widths[$1] }) else { break }
            // The column is shortened to the next widest one, so that columns end equally wide.
            let next = givers.filter { $0 != widest }.map { widths[$0] }.max() ?? Self.leastWidth
            let step = min(excess, max(1, widths[widest] - max(next, Self.leastWidth)))
            widths[widest] -= step
            excess -= step
        }
        return widths
    }

    /// The width of the terminal on stdout; nil if it is none.
    static var terminalWidth: Int? {
        guard StandardOutput.isTerminal else { return nil }
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }
}
