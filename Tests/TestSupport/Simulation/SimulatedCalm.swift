import Foundation
import GRDB
import Synchronization

/// Says when all has settled: the queue is empty, every notice is sent, and nothing more is coming.
final class SimulatedCalm: Sendable {
    private let aws: SimulatedAWS
    private let path: String
    private let from: Duration
    private let until: Duration
    private let state = Mutex(false)

    /// - Parameters:
    ///   - from: when the callers end.
    ///   - until: when the simulation ends even if nothing has settled.
    init(aws: SimulatedAWS, path: String, from: Duration, until: Duration) {
        self.aws = aws
        self.path = path
        self.from = from
        self.until = until
    }

    var hasCome: Bool { state.withLock(\.self) }

    /// Looks every few seconds until all has settled.
    func watch() async {
        try? await aws.machine.sleep(from)
        while aws.machine.elapsed < until {
            try? await aws.machine.sleep(.seconds(10))
            if aws.with({ $0.queue.entries.isEmpty }), pendingNotices == 0 { break }
        }
        aws.note("the calm has come")
        state.withLock { $0 = true }
    }

    private var pendingNotices: Int {
        let sql = "SELECT count(*) FROM notices WHERE state = 'pending'"
        return (try? DatabaseQueue(path: path).read { try Int.fetchOne($0, sql: sql) }) ?? 0
    }

    /// Changes a row of the ledger behind the trail's back.
    static func edit(_ path: String) throws {
        try DatabaseQueue(path: path).write {
            try $0.execute(sql: "UPDATE events SET outcome = 'allowed' WHERE outcome = 'reverted'")
        }
    }
}
