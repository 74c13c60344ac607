import Foundation
import GRDB
import Synchronization

/// Says when all has settled: the queue is empty, every notice is sent, and nothing more is coming.
final class SimulatedCalm: Sendable {
    private let aws: SimulatedAWS
    private let path: String
    private let from: Duration
    private let until: Duration
    private let quiet: Duration
    private let state = Mutex(false)

    /// - Parameters:
    ///   - from: before this nothing has settled, whatever is left to do.
    ///   - quiet: for so long nothing may be left to do.
    ///   - until: when the simulation ends even if nothing has settled.
    init(aws: SimulatedAWS, path: String, from: Duration, quiet: Duration, until: Duration) {
        self.aws = aws
        self.path = path
        self.from = from
        self.quiet = quiet
        self.until = until
    }

    var hasCome: Bool { state.withLock(\.self) }

    /// Looks every few seconds until all has settled.
    func watch() async {
        var quietSince = Duration.zero
        while aws.machine.elapsed < until {
            try? await aws.machine.sleep(.seconds(10))
            let now = aws.machine.elapsed
            let isBusy = now < from - quiet || !aws.with({ $0.queue.entries.isEmpty }) || unfinished > 0
            if isBusy { quietSince = now }
            if !isBusy, now >= from, now - quietSince >= quiet { break }
        }
        aws.note("the calm has come")
        state.withLock { $0 = true }
    }

    /// How many notices are to be sent, and how many events are to run again.
    private var unfinished: Int {
        let sql = """
            SELECT (SELECT count(*) FROM notices WHERE state = 'pending')
                + (SELECT count(*) FROM events WHERE outcome IS NULL OR outcome IN ('failed', 'suppressed'))
            """
        return (try? DatabaseQueue(path: path).read { try Int.fetchOne($0, sql: sql) }) ?? 0
    }
}
