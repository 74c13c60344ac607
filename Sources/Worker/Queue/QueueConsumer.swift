import AWSClient
import Formats
import Logging

/// Receives messages, hands each to the pipeline, and deletes or postpones it as the pipeline says.
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
    /// The clock of the deadline for receives that hang.
    let watchdog: WorkerClock
    /// The clock of the pauses after responses that came too soon.
    let pacer: WorkerClock
    let logger: Logger

    /// The time for which a poll may go on after a stop once nothing is in hand, if something was in hand at the stop.
    private static let pollGrace: Duration = .seconds(1)

    /// How a part of the consumer ended.
    private enum Step {
        case received
        case stopBoundReached
        case helperEnded
    }

    /// Runs until `stop`, or with `isUntilEmpty` until the queue is empty.
    ///
    /// At a stop no more messages are asked for, messages whose work has not begun are made visible again, and started
    /// work is finished. An idle poll is cut once nothing is in hand; one that follows a full response may end. At the
    /// bound, the rest is abandoned.
    ///
    /// - Returns: The ids of the messages that were abandoned.
    /// - Throws: With `isUntilEmpty`, the error of a receive.
    func run(stop: StopSignal) async throws -> [String] {
        // The bound is longer than the HTTP client's own deadline.
        let polls = OpenPolls(bound: options.wait + .seconds(12))
        return try await withThrowingTaskGroup(of: Step.self) { group in
            group.addTask {
                try await receiver(polls, stop).run()
                return .received
            }
            group.addTask {
                await keepInHand()
                return .helperEnded
            }
            group.addTask {
                await polls.watch(clock: watchdog)
                return .helperEnded
            }
            group.addTask {
                await cut(polls, after: stop)
                return .helperEnded
            }
            group.addTask { await reachesBound(of: stop) ? .stopBoundReached : .helperEnded }
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

    /// Extends the visibility timeouts and the claims of the messages in hand.
    private func keepInHand() async {
        await heartbeat.run(lease: WorkerOptions.lease) { _ in
            // A poller whose hands are full does not poll. That is no sign of a problem.
            if intake.count >= options.concurrency || !intake.hasRoom { liveness.turned(at: clock.instant()) }
        }
    }

    /// Waits for the stop, receives nothing more, and cuts the idle poll once nothing is in hand.
    private func cut(_ polls: OpenPolls, after stop: StopSignal) async {
        await stop.wait()
        intake.close()
        guard stop.isRequested else { return }
        if !hand.isEmpty {
            // A message that is made visible again often goes at once into a poll that is still open, and ends that poll. If
            // the poll were cut, SQS would keep the message hidden.
            guard (try? await hand.emptied()) != nil, (try? await clock.sleep(Self.pollGrace)) != nil else { return }
        }
        polls.cutting.request()
    }

    /// Waits for the stop and then for its bound.
    ///
    /// - Returns: False if the consumer ends before.
    private func reachesBound(of stop: StopSignal) async -> Bool {
        await stop.wait()
        guard stop.isRequested else { return false }
        return (try? await clock.sleep(options.shutdown)) != nil
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
            time: pipeline.revert.time,
            options: options,
            clock: clock,
            pacer: pacer,
            logger: logger,
            stop: stop
        ) { try await work(through: $0, stop) }
    }

    /// Handles messages of one group in their order. If a message is not finished, those after it are made visible
    /// again.
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

    /// - Returns: True if the message was deleted.
    /// - Throws: `OutageLasted`, which ends the worker.
    private func finish(_ held: HeldMessage, _ stop: StopSignal) async throws -> Bool {
        do {
            return try await slots.occupy(bytes: held.bytes, loss: held.loss) { slot in
                guard !stop.isRequested else {
                    await giveBack(held)
                    return false
                }
                switch try await pipeline.process(held, slot: slot, stop: stop, logger: logger.about(held)) {
                case .delete:
                    held.done()
                    slot.release()
                    try await lanes.perform(Lane(.deletes), slot: slot) { try await queue.delete(held.message) }
                    return true
                case .postpone(let duration):
                    slot.release()
                    await postpone(held, for: duration, isExpected: true, logger: logger.about(held))
                case .setAside(let duration):
                    slot.release()
                    await postpone(held, for: duration, isExpected: false, logger: logger.about(held))
                }
                return false
            }
        } catch {
            try await failed(held, error, stop, logger.about(held))
            return false
        }
    }

    /// Handles an error of a message's work.
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
        case let full as ParkingFull:
            logger.debug("message goes back, too many wait already")
            if let pause = full.pause(after: held.message.receiveCount) {
                return await postpone(held, for: pause, isExpected: false, logger: logger)
            }
        case is BatchEntryFailure:
            logger.warning("finished message not deleted; when it comes again it is a duplicate", metadata: metadata)
            queueState.surprised()
        default:
            logger.error("message not finished", metadata: metadata)
        }
        let pause = pipeline.backoff.pause(after: held.message.receiveCount)
        await postpone(held, for: pause, isExpected: true, logger: logger)
    }

    /// - Parameter isExpected: False for a message for whose return a worker with `--until-empty` does not wait.
    private func postpone(_ held: HeldMessage, for duration: Duration, isExpected: Bool, logger: Logger) async {
        let messageID = held.message.messageID
        // Until SQS has answered, the time of its return is not known. A worker with `--until-empty` must not end meanwhile, and at no
        // moment is the message neither in hand nor postponed.
        if isExpected { hand.postpone(messageID, until: clock.instant() + .seconds(86_400)) }
        // The heartbeat ends first, so that it does not undo the postponement.
        hand.letGo(held)
        // SQS counts whole seconds, from when the call arrives. The time of its response is certainly not earlier than
        // that.
        let pause = Duration.seconds(duration.seconds.rounded(.up))
        // An extension that is under way may arrive last.
        let longest = held.isBeingExtended ? max(pause, queueState.hold) : pause
        do {
            try await queue.setVisibility(of: held.message, to: pause)
        } catch {
            logger.warning("message not postponed", metadata: ["error": "\(plainText("\(error)"))"])
        }
        if isExpected { hand.postpone(messageID, until: clock.instant() + longest) }
    }

    private func giveBack(_ held: HeldMessage) async {
        hand.letGo(held)
        do {
            try await queue.setVisibility(of: held.message, to: .zero)
        } catch {
            logger.about(held).warning("message not given back", metadata: ["error": "\(plainText("\(error)"))"])
        }
    }
}

extension Logger {
    /// A logger whose lines carry what is known of a message.
    fileprivate func about(_ held: HeldMessage) -> Logger {
        var logger = self
        for (key, value) in held.metadata { logger[metadataKey: key] = value }
        return logger
    }
}
