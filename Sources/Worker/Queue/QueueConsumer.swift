import AWSClient
import Formats
import Logging

/// Takes messages from the queue, hands each to the pipeline, and does with it what the pipeline says.
struct QueueConsumer: Sendable {
    let queue: WorkQueue
    let queueState: QueueState
    let pipeline: MessagePipeline
    let lanes: Lanes
    let intake: Intake
    let hand: Hand
    let slots: WorkSlots
    let heartbeat: Heartbeat
    let options: WorkerOptions
    let liveness: Liveness
    let clock: WorkerClock
    /// The clock of the deadline that a hung receive meets.
    let watchdog: WorkerClock
    /// The clock of the pauses after answers that came too soon.
    let pacer: WorkerClock
    let logger: Logger

    /// How long a poll may go on after a stop once nothing is in hand, if something was in hand at the stop.
    private static let pollGrace: Duration = .seconds(1)

    /// How a part of the consumer ended.
    private enum Step {
        case received
        case stopBoundReached
        case helperEnded
    }

    /// Runs until `stop`, or with `isUntilEmpty` until the queue is empty.
    ///
    /// A stop asks for no more messages, gives back what is not begun, and waits for what was started. An idle poll is cut once
    /// nothing is in hand; one that follows a full answer may end. At the bound, what is still open is abandoned.
    ///
    /// - Returns: the ids of the messages that were abandoned.
    /// - Throws: with `isUntilEmpty`, what a receive failed with.
    func run(stop: StopSignal) async throws -> [String] {
        // Longer than the HTTP client's own deadline.
        let polls = OpenPolls(bound: options.wait + .seconds(12))
        return try await withThrowingTaskGroup(of: Step.self) { group in
            group.addTask {
                try await receiver(polls, stop).run()
                return .received
            }
            group.addTask {
                await heartbeat.run(lease: WorkerOptions.lease) { _ in
                    // With its hands full the poller rightly does not poll.
                    if intake.count >= options.concurrency { liveness.turned(at: clock.instant()) }
                }
                return .helperEnded
            }
            group.addTask {
                await polls.watch(clock: watchdog)
                return .helperEnded
            }
            group.addTask {
                await stop.wait()
                intake.close()
                guard stop.isRequested else { return .helperEnded }
                if !hand.isEmpty {
                    // What is given back often comes at once into a poll that is still open, and ends it. If that poll were cut,
                    // SQS would keep the message hidden.
                    guard (try? await hand.emptied()) != nil, (try? await clock.sleep(Self.pollGrace)) != nil else {
                        return .helperEnded
                    }
                }
                polls.cutting.request()
                return .helperEnded
            }
            group.addTask {
                await stop.wait()
                guard stop.isRequested, (try? await clock.sleep(options.shutdown)) != nil else { return .helperEnded }
                return .stopBoundReached
            }
            var abandoned: [String] = []
            while let step = try await group.next() {
                switch step {
                case .received:
                    group.cancelAll()
                    return abandoned
                case .stopBoundReached:
                    abandoned = hand.all.map(\.message.messageID)
                    group.cancelAll()
                case .helperEnded:
                    break
                }
            }
            return abandoned
        }
    }

    private func receiver(_ polls: OpenPolls, _ stop: StopSignal) -> Receiver {
        Receiver(
            queue: queue,
            queueState: queueState,
            lanes: lanes,
            intake: intake,
            hand: hand,
            polls: polls,
            liveness: liveness,
            options: options,
            clock: clock,
            pacer: pacer,
            logger: logger,
            stop: stop
        ) { try await work(through: $0, stop) }
    }

    /// Handles a line in its order. What comes after a message that is not finished goes back, and comes after it again.
    private func work(through line: [HeldMessage], _ stop: StopSignal) async throws {
        var isBlocked = false
        for held in line {
            isBlocked = try await hand.scope(held) { held in
                if isBlocked || stop.isRequested {
                    await giveBack(held)
                    return true
                }
                return try await !finish(held, stop)
            }
        }
    }

    /// - Returns: true if the message is deleted.
    /// - Throws: `OutageLasted`, which ends the worker.
    private func finish(_ held: HeldMessage, _ stop: StopSignal) async throws -> Bool {
        var logger = logger
        logger[metadataKey: "message.id"] = "\(held.message.messageID)"
        do {
            return try await slots.occupy(bytes: held.bytes, loss: held.loss) { slot in
                guard !stop.isRequested else {
                    await giveBack(held)
                    return false
                }
                switch try await pipeline.process(held, slot: slot, stop: stop, logger: logger) {
                case .delete:
                    held.done()
                    slot.release()
                    try await lanes.perform(Lane(.deletes), slot: slot) { try await queue.delete(held.message) }
                    return true
                case .postpone(let duration):
                    await postpone(held, for: duration, isExpected: true, logger: logger)
                case .setAside(let duration):
                    await postpone(held, for: duration, isExpected: false, logger: logger)
                }
                return false
            }
        } catch {
            try await failed(held, error, stop, logger)
            return false
        }
    }

    /// What becomes of a message whose handling threw.
    private func failed(_ held: HeldMessage, _ error: any Error, _ stop: StopSignal, _ logger: Logger) async throws {
        let metadata: Logger.Metadata = ["error": "\(plainText("\(error)"))"]
        switch error {
        case is OutageLasted:
            intake.close()
            throw error
        case is MessageLost:
            return
        case _ where Task.isCancelled:
            return logger.warning("message abandoned; it comes back when its visibility ends")
        case is ParkingFull:
            logger.debug("message goes back, too many wait already")
        case is BatchEntryFailure:
            logger.warning("finished message not deleted; when it comes again it is a duplicate", metadata: metadata)
            queueState.surprised()
        default:
            logger.error("message not finished", metadata: metadata)
        }
        let pause = pipeline.backoff.pause(after: held.message.receiveCount)
        await postpone(held, for: pause, isExpected: true, logger: logger)
    }

    /// - Parameter isExpected: false for a message whose return a worker that is to end by itself does not wait for.
    private func postpone(_ held: HeldMessage, for duration: Duration, isExpected: Bool, logger: Logger) async {
        // First let go, so that no heartbeat comes after the postponement.
        hand.letGo(held)
        let messageID = held.message.messageID
        if isExpected { hand.postpone(messageID, until: clock.instant() + .seconds(86_400)) }
        // SQS counts whole seconds, from when the call reaches it: its answer is the first time that is surely later.
        let pause = Duration.seconds(duration.seconds.rounded(.up))
        do {
            try await queue.setVisibility(of: held.message, to: pause)
        } catch {
            logger.warning("message not postponed", metadata: ["error": "\(plainText("\(error)"))"])
        }
        if isExpected { hand.postpone(messageID, until: clock.instant() + pause) }
    }

    private func giveBack(_ held: HeldMessage) async {
        hand.letGo(held)
        do {
            try await queue.setVisibility(of: held.message, to: .zero)
        } catch {
            logger.warning("message not given back", metadata: ["error": "\(plainText("\(error)"))"])
        }
    }
}
