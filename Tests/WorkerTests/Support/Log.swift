import InMemoryLogging
import Logging

/// The log lines of one test.
struct Log {
    /// A line, its values as texts.
    struct Line {
        let level: Logger.Level
        let message: String
        let metadata: [String: String]
    }

    private let handler = InMemoryLogHandler()

    /// A logger that writes here, at every level.
    var logger: Logger {
        var logger = Logger(label: "test") { [handler] _ in handler }
        logger.logLevel = .debug
        return logger
    }

    /// The lines so far, the oldest first.
    var lines: [Line] {
        handler.entries.map { entry in
            Line(level: entry.level, message: "\(entry.message)", metadata: entry.metadata.mapValues { "\($0)" })
        }
    }

    /// The messages of the lines, each behind its level.
    var texts: [String] { lines.map { "\($0.level): \($0.message)" } }

    /// The value of a key in the first line with this message; nil without such a line or key.
    func value(_ key: String, of message: String) -> String? {
        lines.first { $0.message == message }?.metadata[key]
    }
}
