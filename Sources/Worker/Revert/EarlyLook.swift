import AWSClient
import SecurityGroups
import Synchronization

/// A look at the rules of an event that is made while the claim on the event is committed, so that the commit delays no
/// revert.
///
/// It begins when the ledger has given the event its first claim, so that no duplicate costs a call. The first run of the
/// event takes it as its first look.
final class EarlyLook: Sendable {
    /// For so long after its start a run may take the look, and for so long after its answer the run may use it.
    static let lifetime = Duration.seconds(1)

    /// The rules that are looked for.
    let ids: [SecurityGroupRuleID]
    private let clock: WorkerClock
    private let call: @Sendable () async throws -> Look
    private let start = Promise<CallLog.Begun>()
    private let answer = Promise<(look: Look, at: ContinuousClock.Instant)>()
    private let isUsed = Atomic(false)

    init(_ ids: [SecurityGroupRuleID], clock: WorkerClock, call: @escaping @Sendable () async throws -> Look) {
        self.ids = ids
        self.clock = clock
        self.call = call
    }

    /// The start of the call; nil if it has not begun.
    var begun: CallLog.Begun? { try? start.result?.get() }

    /// True once the answer is no longer recent.
    var isOver: Bool {
        guard let answer = try? answer.result?.get() else { return false }
        return clock.instant() - answer.at >= Self.lifetime
    }

    /// Lets `run` make the call.
    func begin() {
        start.settle(.success(CallLog(clock: clock).begin("DescribeSecurityGroupRules")))
    }

    /// Makes the call once it is begun.
    func run() async {
        do {
            _ = try await start.value()
            let look = try await call()
            answer.settle(.success((look, clock.instant())))
        } catch {
            answer.settle(.failure(error))
        }
    }

    /// The answer to the call that `run` makes. Each further time, which is after a failure, the call is made again.
    func callAsFunction() async throws -> Look {
        try await isUsed.exchange(true, ordering: .relaxed) ? call() : answer.value().look
    }
}
