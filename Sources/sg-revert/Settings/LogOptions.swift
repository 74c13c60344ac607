import ArgumentParser
import Foundation
import Logging
import Telemetry

/// The options of the log.
struct LogOptions: ParsableArguments {
    @Option(.logLevel)
    var logLevel: String?

    @Option(.logFormat)
    var logFormat: String?

    /// Creates the logger, which writes to stderr.
    func logger(_ settings: Settings) throws(SettingsError) -> Logger {
        let level = try settings.word(logLevel, .logLevel).flatMap { Logger.Level(rawValue: $0) }
        let format = try settings.word(logFormat, .logFormat).flatMap { LogFormat(rawValue: $0) }
        let fallback: LogFormat = isatty(STDERR_FILENO) == 1 ? .text : .json
        var handler = LogLineHandler(label: "sg-revert", format: format ?? fallback)
        handler.logLevel = level ?? .info
        return Logger(label: "sg-revert") { _ in handler }
    }
}
