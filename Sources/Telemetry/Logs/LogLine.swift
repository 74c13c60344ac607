import Formats
import Foundation
package import Logging

/// The format of log lines.
package enum LogFormat: String, Sendable, CaseIterable {
    /// For people.
    case text
    /// For machines: one JSON object a line.
    case json
}

/// Writes log lines to stderr, one `write` for each line.
///
/// Metadata may hold text of others. Characters that control a terminal never reach the line: JSON escapes them, and in
/// the text format they become spaces.
package struct LogLineHandler: LogHandler {
    /// The least severe level that is written.
    package var logLevel: Logger.Level = .info
    /// The metadata of every line.
    package var metadata: Logger.Metadata = [:]
    private let format: LogFormat
    private let label: String
    private let write: @Sendable ([UInt8]) -> Void

    /// Creates a handler that writes lines of `format` with `write`, by default to stderr.
    package init(label: String, format: LogFormat, write: @escaping @Sendable ([UInt8]) -> Void = writeToStandardError)
    {
        self.label = label
        self.format = format
        self.write = write
    }

    /// One value of the metadata of every line.
    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes one line.
    package func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { _, new in new }.sorted { $0.key < $1.key }
        let time = RFC3339.format(Date())
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
        return "\(time) \(event.level.rawValue) \(plainText("\(event.message)", limit: .max))\(pairs)"
    }

    private func jsonLine(
        time: String,
        event: LogEvent,
        metadata: [(key: String, value: Logger.MetadataValue)]
    ) -> String {
        let texts = [
            ("time", time), ("level", event.level.rawValue), ("logger", label), ("message", "\(event.message)"),
        ]
        return JSONText.object(texts.map { ($0, JSONText.quoted($1)) } + metadata.map { ($0.key, json($0.value)) })
    }

    /// A value as JSON. Numbers and truth values stay as such, so that programs can use them.
    private func json(_ value: Logger.MetadataValue) -> String {
        switch value {
        case .string(let text): return JSONText.quoted(text)
        case .array(let values): return "[\(values.map(json).joined(separator: ","))]"
        case .dictionary(let members):
            return JSONText.object(members.sorted { $0.key < $1.key }.map { ($0.key, json($0.value)) })
        case .stringConvertible(let value):
            let isPlain = value is any BinaryInteger || value is Bool || (value as? Double)?.isFinite ?? false
            return isPlain ? "\(value)" : JSONText.quoted("\(value)")
        }
    }

    private func quotedIfNeeded(_ text: String) -> String {
        let clean = plainText(text, limit: .max)
        return clean.isEmpty || clean.unicodeScalars.contains(where: { $0 == " " || $0 == "\"" || $0 == "=" })
            ? JSONText.quoted(clean) : clean
    }
}
