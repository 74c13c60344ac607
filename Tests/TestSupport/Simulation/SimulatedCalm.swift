import Foundation
import SecurityGroups
import Synchronization

/// Says when all has settled: the queue is empty, every notice is sent, and nothing more is coming.
final class SimulatedCalm: Sendable {
    private let aws: SimulatedAWS
    private let paths: [String]
    private let from: Duration
    private let until: Duration
    private let quiet: Duration
    private let state = Mutex(false)

    /// - Parameters:
    ///   - from: before this nothing has settled, whatever is left to do.
    ///   - quiet: for so long nothing may be left to do.
    ///   - until: when the simulation ends even if nothing has settled.
    init(aws: SimulatedAWS, paths: [String], from: Duration, quiet: Duration, until: Duration) {
        self.aws = aws
        self.paths = paths
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
        guard let ledger = try? SimulatedLedger(paths: paths) else { return 0 }
        return ledger.notices.count { !$0.isSent } + ledger.outcomes.values.count { $0?.isFinal != true }
    }
}
