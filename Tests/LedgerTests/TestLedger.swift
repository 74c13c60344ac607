import Foundation
import GRDB
import Ledger
import SecurityGroups
import Synchronization

/// A directory of its own for one test, gone with the test, and a clock that stands still until it is moved.
final class TestLedger: Sendable {
    let directory: String
    var path: String { directory + "/ledger.db" }
    private let time = Mutex(Date(timeIntervalSince1970: 1_764_106_859.123))

    /// - Parameter parent: Where the directory is made; by default among the temporary files.
    init(in parent: String? = nil) throws {
        let parent = parent.map { URL(fileURLWithPath: $0) } ?? FileManager.default.temporaryDirectory
        directory = parent.appendingPathComponent("ledger-\(UUID())").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: directory)
    }

    var now: Date { time.withLock { $0 } }

    func advance(_ seconds: Double) {
        time.withLock { $0 += seconds }
    }

    func open(
        worker: String = "one",
        warn: @escaping @Sendable (String) -> Void = { _ in }
    ) throws -> LedgerDatabase {
        try LedgerDatabase(path: path, worker: worker, warn: warn) { self.now }
    }

    /// One value from the file, by a connection that knows nothing of the ledger.
    func value(_ sql: String) throws -> String? {
        try DatabaseQueue(path: path).read { try Row.fetchOne($0, sql: sql)?.databaseValues.first?.text }
    }

    func execute(_ sql: String) throws {
        try DatabaseQueue(path: path).write { try $0.execute(sql: sql) }
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

extension LedgerDatabase {
    func claim(
        _ event: EventFacts,
        message: String = "m1",
        replays: Int = 0,
        at: Date = .distantPast
    ) async throws -> ClaimResult {
        try await write {
            try $0.claim(event, delivery: Delivery(messageID: message, replayCount: replays, receivedAt: at))
        }
    }

    func claim(_ eventID: String, message: String = "m1", replays: Int = 0) async throws -> ClaimResult {
        try await claim(EventFacts(eventID: eventID, eventName: "Authorize"), message: message, replays: replays)
    }

    /// Claims an event that must be free, and finishes it.
    func finish(_ eventID: String, message: String = "m1", replays: Int = 0, _ result: RunResult) async throws {
        let claim = try await claim(eventID, message: message, replays: replays).claim
        try await write { try $0.finish(claim, with: result) }
    }
}

struct NotClaimed: Error {
    let result: ClaimResult
}

extension ClaimResult {
    var claim: Claim {
        get throws {
            guard case .run(let claim) = self else { throw NotClaimed(result: self) }
            return claim
        }
    }
}

extension RuleResult {
    static func rule(_ id: String, _ outcome: RuleOutcome, undo: String? = nil) -> RuleResult {
        RuleResult(
            ruleID: id,
            groupID: "sg-1",
            direction: .ingress,
            ipProtocol: "tcp",
            fromPort: 22,
            toPort: 22,
            source: "0.0.0.0/0",
            description: "d",
            decision: .revert,
            reason: "watch[0]",
            outcome: outcome,
            undo: undo
        )
    }
}
