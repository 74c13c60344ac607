import Foundation
package import Logging

/// How a log line is written.
package enum LogFormat: String, Sendable, CaseIterable {
    /// For people.
    case text
    /// For machines: one JSON object a line.
    case json
}

/// Writes log lines to stderr, one `write` a line.
///
/// Text of others may come in as metadata, so characters that steer a terminal never reach the line as such: JSON escapes
/// them, and in the text format they become spaces.
package struct LogLineHandler: LogHandler {
    /// The least severe level that is written.
    package var logLevel: Logger.Level = .info
    /// What every line carries.
    package var metadata: Logger.Metadata = [:]
    private let format: LogFormat
    private let label: String
    private let write: @Sendable ([UInt8]) -> Void

    /// A handler that writes lines of `format` with `write`, by default to stderr.
    package init(label: String, format: LogFormat, write: @escaping @Sendable ([UInt8]) -> Void = writeToStandardError)
    {
        self.label = label
        self.format = format
        self.write = write
    }

    /// One of the things that every line carries.
    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes one line.
    package func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { _, new in new }.sorted { $0.key < $1.key }
        let time = Date().formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
        let line =
            switch format {
            case .text: textLine(time: time, event: event, metadata: all)
            case .json: jsonLine(time: time, event: event, metadata: all)
            }
        write(Array((line + "\n").utf8))
    }

    private func textLine(
        time: String,
        event: LogEvent,
        metadata: [(key: String, value: Logger.MetadataValue)]
    ) -> String {
        let pairs = metadata.map { " \($0.key)=\(quotedIfNeeded("\($0.value)"))" }.joined()
        return "\(time) \(event.level.rawValue) \(withoutControls("\(event.message)"))\(pairs)"
    }

    private func jsonLine(
        time: String,
        event: LogEvent,
        metadata: [(key: String, value: Logger.MetadataValue)]
    ) -> String {
        var members = [
            ("time", time), ("level", event.level.rawValue), ("logger", label), ("message", "\(event.message)"),
        ]
        members += metadata.map { ($0.key, "\($0.value)") }
        return "{" + members.map { "\(jsonString($0.0)):\(jsonString($0.1))" }.joined(separator: ",") + "}"
    }

    private func quotedIfNeeded(_ text: String) -> String {
        let clean = withoutControls(text)
        return clean.isEmpty || clean.unicodeScalars.contains(where: { $0 == " " || $0 == "\"" || $0 == "=" })
            ? jsonString(clean) : clean
    }
}

/// Writes all of `bytes` to stderr, whatever interrupts it; without stderr they are lost.
package func writeToStandardError(_ bytes: [UInt8]) {
    // The handle's own `write(contentsOf:)` repeats short and interrupted writes.
    try? FileHandle.standardError.write(contentsOf: Data(bytes))
}

private func withoutControls(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: \.steersTerminal) else { return text }
    return String(String.UnicodeScalarView(text.unicodeScalars.map { $0.steersTerminal ? " " : $0 }))
}

extension Unicode.Scalar {
    /// Whether a terminal may do something else with it than show it: escape sequences, line breaks, changes of direction.
    fileprivate var steersTerminal: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}

private func jsonString(_ text: String) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    // A string always encodes.
    let encoded = (try? encoder.encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
    guard encoded.unicodeScalars.contains(where: \.steersTerminal) else { return encoded }
    // JSON itself asks only for the escape of the first 32.
    return encoded.unicodeScalars.map { scalar in
        scalar.steersTerminal
            ? scalar.utf16.map { "\\u" + String(0x10000 + Int($0), radix: 16).dropFirst() }.joined() : String(scalar)
    }.joined()
}
