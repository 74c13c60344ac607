package import Foundation
import GRDB
package import Ledger
import Synchronization

extension ClaimResult {
    /// The claim; nil if the event is not to be run.
    package var claim: Claim? { if case .run(let claim) = self { claim } else { nil } }
}

/// A directory with a ledger for one test, gone with the test, whose time stands still until it is moved.
package final class TestLedger: Sendable {
    package let directory: String
    package let time: VirtualTime
    /// The path of the ledger. The file is made when the ledger is first opened.
    package var path: String { directory + "/ledger.db" }
    private let opened = Mutex<LedgerDatabase?>(nil)
    private let worker: String

    /// - Parameters:
    ///   - time: The time of the ledger's workers.
    ///   - worker: The name of the worker that opens `ledger`.
    ///   - parent: Where the directory is made; by default among the temporary files.
    package init(
        _ time: VirtualTime = VirtualTime(start: Date(timeIntervalSince1970: 1_764_106_859.123)),
        worker: String = "one",
        in parent: String? = nil
    ) throws {
        self.time = time
        self.worker = worker
        let parent = parent.map { URL(fileURLWithPath: $0) } ?? FileManager.default.temporaryDirectory
        directory = parent.appendingPathComponent("ledger-\(UUID())").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: directory)
    }

    package var now: Date { time.now }

    /// Lets seconds pass; a negative number sets the time of day back.
    package func advance(_ seconds: Double) {
        seconds < 0 ? time.setBack(by: .seconds(-seconds)) : time.advance(.seconds(seconds))
    }

    /// Opens the ledger once more, as another worker of the host does.
    ///
    /// - Parameter warn: Called with each line that a person should read.
    package func open(
        worker: String = "one",
        warn: @escaping @Sendable (String) -> Void = { _ in }
    ) throws -> LedgerDatabase {
        try LedgerDatabase(path: path, worker: worker, warn: warn) { [time] in time.now }
    }

    /// The ledger, opened once.
    package var ledger: LedgerDatabase {
        get throws {
            try opened.withLock { opened in
                if let opened { return opened }
                let ledger = try open(worker: worker)
                opened = ledger
                return ledger
            }
        }
    }

    /// One value from the file, by a connection that knows nothing of the ledger.
    package func value(_ sql: String) throws -> String? {
        try DatabaseQueue(path: path).read { try Row.fetchOne($0, sql: sql)?.databaseValues.first?.text }
    }

    /// Changes the file, as somebody with a shell does.
    package func execute(_ sql: String) throws {
        try DatabaseQueue(path: path).write { try $0.execute(sql: sql) }
    }

    /// One column of an event, as text.
    package func event(_ column: String, _ eventID: String) throws -> String? {
        let events = try LedgerReader(path: path).events(matching: EventFilter(eventID: eventID), after: nil, limit: 1)
        return events.first.flatMap { text($0.values, AuditEvent.columns, column) }
    }

    /// One column of every rule of an event, as texts.
    package func rules(_ column: String, _ eventID: String) throws -> [String?] {
        let rules = try LedgerReader(path: path).rules(of: [eventID])[eventID] ?? []
        return rules.map { text($0.values, AuditRule.columns, column) }
    }

    private func text(_ values: [AuditValue], _ columns: [String], _ column: String) -> String? {
        guard let index = columns.firstIndex(of: column) else { return nil }
        switch values[index] {
        case .null: return nil
        case .text(let text): return text
        case .integer(let number): return String(number)
        case .boolean(let truth): return String(truth)
        }
    }
}

extension DatabaseValue {
    fileprivate var text: String? {
        switch storage {
        case .null: nil
        case .int64(let value): String(value)
        case .double(let value): String(value)
        case .string(let value): value
        case .blob: "blob"
        }
    }
}
