import ArgumentParser
import Formats
import Foundation
import Ledger

/// The ledgers that a command reads as one.
struct AuditLedgerOptions: ParsableArguments {
    @Option(
        name: .customLong("ledger"),
        help: ArgumentHelp(
            "A ledger to read; repeated, those of several hosts as one. (default: the worker's)",
            valueName: "file"
        ),
        completion: .file(extensions: ["db"])
    )
    var ledgers: [String] = []

    /// Opens the ledgers for reading. This creates and changes no file.
    ///
    /// - Parameter orNone: True where the default ledger need not exist, on a machine that runs no worker.
    func readers(_ settings: Settings, orNone: Bool = false) throws -> [LedgerReader] {
        guard !ledgers.isEmpty else {
            let path = try LedgerOptions.path(nil, settings)
            if orNone, !FileManager.default.fileExists(atPath: path) { return [] }
            return [try LedgerReader(path: path)]
        }
        return try ledgers.map { try LedgerReader(path: $0) }
    }
}

/// Reads every event of some ledgers that `filter` matches, with a progress bar if it takes long.
func eachEvent(
    of readers: [LedgerReader],
    matching filter: EventFilter,
    _ body: (AuditEvent, [AuditRule]) -> Void
) throws {
    var progress = ProgressBar("reading", total: try readers.reduce(0) { try $0 + $1.count(matching: filter) })
    defer { progress.clear() }
    var events = EventStream(readers, matching: filter, withRules: true)
    while let (event, rules) = try events.next() {
        body(event, rules)
        progress.advance()
    }
}
