import AWSClient
import Formats
import Foundation
import Logging
import Synchronization

/// The lanes that are out of order, the work that waits for them, and the probes that find out when they work again.
///
/// An outage is no failure of a message, and one failed call is no outage: a probe decides whether the lane is out or
/// the failure is specific to the call. While a lane is out, only work of that lane waits, without holding a slot.
final class Lanes: Sendable {
    /// Makes a harmless call in the lane. Throws the error of the call.
    typealias Probe = @Sendable (Lane) async throws -> Void

    private let probe: Probe
    private let backoff: Backoff
    /// The number of probes that may fail before waiting work gives up; nil for a worker that waits for ever.
    private let limit: Int?
    private let clock: WorkerClock
    private let logger: Logger
    let board: OutageBoard
    /// The lanes of EC2 in which a call has succeeded.
    private let proven = Mutex<Set<Lane>>([])
    private let decisions: Coalescer<Lane, Void, (any Error)?>
    private let begun: AsyncStream<Lane>
    private let begin: AsyncStream<Lane>.Continuation

    init(
        limit: Int? = nil,
        backoff: Backoff = Backoff(base: .seconds(1), cap: .seconds(30)),
        clock: WorkerClock,
        logger: Logger,
        probe: @escaping Probe
    ) {
        self.limit = limit
        self.backoff = backoff
        self.clock = clock
        self.probe = probe
        self.logger = logger
        board = OutageBoard(clock: clock, logger: logger)
        (begun, begin) = AsyncStream.makeStream()
        decisions = Coalescer(limit: .max) { lane, questions in
            do {
                try await probe(lane)
                return questions.map { nil }
            } catch {
                return questions.map { error }
            }
        }
    }

    /// Makes `call` once the lane works, and again while the lane is out.
    ///
    /// A call that fails while a probe succeeds is made once more, because the lane may have come back in between.
    ///
    /// - Parameter isPatient: False for work that does not wait for a lane that is out, and that is tried again at another time.
    /// - Throws: The call's own error, `OutageLasted`, the error of parking, or `CancellationError`.
    func perform<Result>(
        _ lane: Lane,
        slot: WorkSlot?,
        isPatient: Bool = true,
        _ call: () async throws -> Result
    ) async throws -> Result {
        var throttlings = 0
        var mayBeOwn = false
        var cause: (any Error)?
        while true {
            if isPatient {
                try await waitUntilOpen(lane, slot)
            } else if board.isOut(lane) {
                throw OutageLasted(cause: cause ?? LaneOut(lane: lane))
            }
            do {
                let result = try await call()
                if lane.service == .ec2 { _ = proven.withLock { $0.insert(lane) } }
                return result
            } catch {
                if Task.isCancelled { throw error }
                cause = error
                switch lane.verdict(on: error) {
                case .own: throw error
                case .throttled:
                    throttlings += 1
                    guard throttlings <= (isPatient ? 60 : 4), limit.map({ throttlings <= $0 }) ?? true else {
                        throw error
                    }
                    try await pause(max(backoff.pause(after: throttlings), .milliseconds(200)), slot)
                case .out: fail(lane, error)
                case .uncertain:
                    if try await isOut(lane) { continue }
                    if mayBeOwn { throw error }
                    mayBeOwn = true
                }
            }
        }
    }

    /// Finds out with a probe whether the lane is out. All who ask at the same time share one probe.
    private func isOut(_ lane: Lane) async throws -> Bool {
        if board.isOut(lane) { return true }
        // A probe that fails for a reason of its own says nothing about the lane.
        guard let failure = try await decisions.submit([()], for: lane)[0], lane.verdict(on: failure) != .own else {
            return false
        }
        fail(lane, failure)
        return true
    }

    /// Makes `call` once, for work that goes on without the lane: nil where the lane is out, or where the call fails, which
    /// makes it so. The call has its own retries behind it. An item that would be too large says nothing about the lane.
    func attempt<Answer>(_ lane: Lane, _ call: () async throws -> Answer) async throws -> Answer? {
        guard !board.isOut(lane) else { return nil }
        do {
            return try await call()
        } catch {
            if Task.isCancelled { throw CancellationError() }
            if (error as? AWSServiceError)?.isItemTooLarge == true {
                logger.warning("item not written", metadata: ["error": "\(plainText("\(error)"))"])
            } else {
                fail(lane, error)
            }
            return nil
        }
    }

    /// Records that a call failed because its lane is out. The caller is who tries the lane again, as the receivers do.
    ///
    /// - Returns: The time to wait before the next try.
    func sitOut(_ lane: Lane, _ error: any Error) throws -> Duration {
        let failures = board.note(error, of: lane).failures
        if let limit, failures > limit { throw OutageLasted(cause: error) }
        return max(backoff.pause(after: failures), .milliseconds(200))
    }

    /// Records that a lane works. It is for lanes that their callers try themselves.
    func works(_ lane: Lane) {
        board.end(lane)
    }

    /// Probes the lanes that are out until the task is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await lane in begun {
                group.addTask { try? await self.watch(lane) }
            }
        }
    }

    private func waitUntilOpen(_ lane: Lane, _ slot: WorkSlot?) async throws {
        while let over = board.over(lane) {
            if let slot {
                // All of one account, or of one Region, must not keep the others from being received.
                try await slot.parked(for: doOthersWork(than: lane) ? .long : .usual) { try await over.value() }
            } else {
                try await over.value()
            }
        }
    }

    private func doOthersWork(than lane: Lane) -> Bool {
        lane.service == .ec2 && proven.withLock { $0.contains { $0 != lane && !board.isOut($0) } }
    }

    private func pause(_ duration: Duration, _ slot: WorkSlot?) async throws {
        if let slot { try await slot.wait(for: duration) } else { try await clock.sleep(duration) }
    }

    private func fail(_ lane: Lane, _ error: any Error) {
        if board.note(error, of: lane).isNew { begin.yield(lane) }
    }

    /// Probes one lane until it works and has worked for a while.
    private func watch(_ lane: Lane) async throws {
        while let failures = board.failures(of: lane) {
            try await clock.sleep(max(backoff.pause(after: failures), .milliseconds(200)))
            do {
                try await probe(lane)
            } catch {
                if Task.isCancelled { return }
                if lane.verdict(on: error) != .own {
                    let failures = board.note(error, of: lane).failures
                    if let limit, failures > limit { board.giveUp(lane, OutageLasted(cause: error)) }
                    continue
                }
            }
            board.open(lane)
            try await clock.sleep(OutageBoard.proof)
            if board.isOpen(lane) { board.end(lane) }
        }
    }
}

/// The lane was out before the call.
struct LaneOut: Error, CustomStringConvertible {
    let lane: Lane

    var description: String { "\(lane) is out of order" }
}
