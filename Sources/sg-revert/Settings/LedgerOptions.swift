import ArgumentParser
import Formats
import Foundation
import Ledger
import Logging
import Worker

/// The option that names the ledger.
struct LedgerOptions: ParsableArguments {
    @Option(.ledger)
    var ledger: String?

    /// The path of the ledger: in `$STATE_DIRECTORY` of a service manager, else in the user's state directory.
    func path(_ settings: Settings) throws(SettingsError) -> String {
        try Self.path(ledger, settings)
    }

    static func path(_ flag: String?, _ settings: Settings) throws(SettingsError) -> String {
        if let path = try settings.text(flag, .ledger) { return path }
        func directory(_ name: String) -> String? {
            settings.environment[name].flatMap { $0.isBlank ? nil : $0 }
        }
        // A service manager may name several directories, separated by colons.
        if let state = directory("STATE_DIRECTORY")?.split(separator: ":").first { return "\(state)/ledger.db" }
        if let state = directory("XDG_STATE_HOME") { return "\(state)/sg-revert/ledger.db" }
        guard let home = directory("HOME") else {
            throw .missing(what: "place for the ledger", how: "\(Setting.ledger.flag) or \(Setting.ledger.variable)")
        }
        return "\(home)/.local/state/sg-revert/ledger.db"
    }
}

extension LedgerDatabase {
    /// Opens the ledger of a worker, or creates it.
    static func ofWorker(_ name: String, at path: String, _ logger: Logger) throws -> LedgerDatabase {
        try LedgerDatabase(
            path: path,
            worker: name,
            lease: WorkerOptions.lease,
            warn: { logger.warning("\(plainText($0))") },
            now: { Date() }
        )
    }

    /// Opens a ledger that exists, to write what a person says. A mistyped path does not create a ledger.
    static func existing(at path: String, by person: String) throws -> LedgerDatabase {
        _ = try LedgerReader(path: path)
        return try LedgerDatabase(path: path, worker: person) { Date() }
    }
}
