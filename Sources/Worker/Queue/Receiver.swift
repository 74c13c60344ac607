import AWSClient
import Formats
import Logging

/// Polls the queue and hands messages on.
///
/// While responses are full, each receiver starts another one. A receiver whose response is not full ends, except the
/// first.
struct Receiver: Sendable {
    let queue: WorkQueue
    let queueState: QueueState
    let lanes: Lanes
    let intake: Intake
    let hand: Hand
    let polls: OpenPolls
    let liveness: Liveness
    let time: AWSTime
    let options: WorkerOptions
    let clock: WorkerClock
    /// The clock of the pauses after responses that came too soon.
    let pacer: WorkerClock
    let logger: Logger
    let stop: StopSignal
    /// Works on messages that must be handled one after the other.
    let work: @Sendable ([HeldMessage]) async throws -> Void

    /// The visibility timeout of a poll that will probably wait. If the worker stops, the poll is cut, and messages
    /// that SQS had already put into its response are visible again after this time. The first heartbeat extends it to
    /// the usual time.
    static let idleVisibility: Duration = .seconds(5)

    /// Receives until the stop, or with `isUntilEmpty` until the queue is empty.
    ///
    /// - Parameter known: What the receiver that started this one has learned of the queue.
    func run(isFirst: Bool = true, pacing known: PollPacing? = nil) async throws {
        try await withThrowingDiscardingTaskGroup { group in
            var pacing = known ?? PollPacing(wait: options.wait)
            // After a full response there is more, so the next poll does not wait.
            var isIdle = isFirst
            while try await mayAsk() {
                let start = clock.instant()
                let visibility = isIdle ? min(Self.idleVisibility, queueState.hold) : queueState.hold
                let answer = polls.begin(at: start)
                defer { polls.end(answer) }
                intake.pollBegan()
                let (wait, batch) = (pacing.wait, pacing.batch)
                let canCut = isIdle
                group.addTask { await poll(answer, wait: wait, batch: batch, visibility: visibility, canCut: canCut) }
                let messages: [SQSMessage]
                do {
                    messages = try await answer.value()
                } catch {
                    _ = intake.pollEnded(isFull: false)
                    if error is PollCut || Task.isCancelled { return }
                    try await recover(from: error, after: clock.instant() - start, &pacing)
                    continue
                }
                let took = clock.instant() - start
                let lines = take(messages, receivedAt: start, visibility: visibility)
                let isFull = messages.count >= batch
                let isMore = intake.pollEnded(isFull: isFull)
                for line in lines { group.addTask { try await work(line) } }
                if isMore { group.addTask { [pacing] in try await run(isFirst: false, pacing: pacing) } }
                isIdle = !isFull
                if messages.isEmpty {
                    if options.isUntilEmpty, try await isOver(start) { return }
                    await stop.sleep(for: pacing.pause(afterEmpty: took), clock: pacer)
                } else {
                    pacing.broughtMessages()
                }
                if !isFirst, !isFull { return intake.receiverEnded() }
            }
        }
    }

    /// Takes the messages of a response into hand.
    ///
    /// - Returns: The lines in which they are worked on.
    private func take(
        _ messages: [SQSMessage],
        receivedAt start: ContinuousClock.Instant,
        visibility: Duration
    ) -> [[HeldMessage]] {
        lanes.works(Lane(.queue))
        time.note(messages)
        options.metrics.received(messages.count)
        liveness.completedPoll(at: clock.instant())
        let held = messages.map { HeldMessage($0, receivedAt: start, visibility: visibility) }
        hand.take(held)
        return lines(held)
    }

    /// Waits until there is room for messages and they could be recorded.
    ///
    /// - Returns: False if nothing more is to be received.
    private func mayAsk() async throws -> Bool {
        while !stop.isRequested {
            liveness.turned(at: clock.instant())
            guard try await intake.waitForRoom() else { return false }
            if lanes.board.mayReceive { return !stop.isRequested }
            await stop.sleep(for: .seconds(1), clock: clock)
            try Task.checkCancellation()
        }
        return false
    }

    /// Makes one poll. Messages that arrive after nobody waits for the poll any more are made visible again.
    ///
    /// - Parameter canCut: True if the poll ends as soon as `polls` are cut.
    private func poll(
        _ answer: OpenPolls.Answer,
        wait: Duration,
        batch: Int,
        visibility: Duration,
        canCut: Bool
    ) async {
        let result: Result<[SQSMessage], any Error>
        do {
            let receive = { @Sendable in try await queue.receive(wait: wait, visibility: visibility, atMost: batch) }
            let messages = canCut ? try await polls.cutting.interrupting(receive) : try await receive()
            result = messages.map { .success($0) } ?? .failure(PollCut())
        } catch {
            result = .failure(error)
        }
        guard !answer.settle(result), case .success(let messages) = result, !messages.isEmpty else { return }
        _ = try? await queue.setVisibilities(messages.map { ($0, .zero) })
    }

    private func recover(from error: any Error, after took: Duration, _ pacing: inout PollPacing) async throws {
        queueState.surprised()
        switch pacing.note(error, after: took) {
        case .once:
            return
        case .shortened(let wait):
            logger.warning(
                "something on the way may cut connections that stay silent: polls wait for a shorter time from now on",
                metadata: [
                    "wait.seconds": .stringConvertible(wait.components.seconds),
                    "advice": "if this comes again, set --wait-seconds to this",
                ]
            )
        case .fewer:
            logger.warning("a response of the queue was too large: fewer messages are received at once for a while")
        case .none:
            await stop.sleep(for: try lanes.sitOut(Lane(.queue), error), clock: clock)
        }
    }

    /// With `isUntilEmpty`, after an empty poll that began at `start`: true if all work is done.
    private func isOver(_ start: ContinuousClock.Instant) async throws -> Bool {
        guard hand.isEmpty, intake.hasNoOpenPoll else { return false }
        guard let due = hand.nextPostponed(afterEmptyPollFrom: start) else {
            intake.close()
            return true
        }
        let pause = min(max(due - clock.instant(), .milliseconds(100)), .seconds(1))
        await stop.sleep(for: pause, clock: clock)
        return false
    }

    /// Groups messages that must be handled one after the other: those of one group of a FIFO queue. Every other
    /// message is alone.
    private func lines(_ messages: [HeldMessage]) -> [[HeldMessage]] {
        guard queue.isFIFO else { return messages.map { [$0] } }
        return Array(Dictionary(grouping: messages) { $0.message.systemAttributes["MessageGroupId"] }.values)
    }
}
