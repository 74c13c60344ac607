import AWSClient
import Formats
import Foundation
import Logging
import Synchronization

/// Receives messages, hands each to the pipeline, and does with it what the pipeline says.
struct QueueConsumer: Sendable {
    let queue: WorkQueue
    let pipeline: MessagePipeline
    let held: HeldMessages
    let heartbeat: Heartbeat
    let options: WorkerOptions
    let lanes: Lanes
    let liveness: Liveness
    let clock: WorkerClock
    /// The clock of the deadline that a hung receive meets.
    let watchdog: WorkerClock
    let logger: Logger

    /// How a run of the consumer ended.
    private enum Step {
        case received
        case stopBoundReached
        case helperEnded
    }

    /// Runs until `stop`, or with `isUntilEmpty` until the queue is empty.
    ///
    /// A stop asks for no more messages, lets the running polls end and gives back what they bring, and waits for what was
    /// started; at the bound, what is still open is abandoned.
    ///
    /// - Returns: the ids of the messages that were abandoned.
    /// - Throws: with `isUntilEmpty`, what a receive failed with.
    func run(stop: StopSignal) async throws -> [String] {
        let intake = Intake(
            capacity: options.concurrency,
            receivers: max((options.concurrency + 9) / 10, 1)
        )
        return try await withThrowingTaskGroup(of: Step.self) { group in
            group.addTask {
                try await receiveAll(intake: intake, stop: stop)
                return .received
            }
            group.addTask {
                await heartbeat.run(lease: WorkerOptions.lease) { count in
                    // With its hands full the poller rightly does not poll.
                    if count >= options.concurrency { liveness.turned(at: clock.instant()) }
                }
                return .helperEnded
            }
            group.addTask {
                await stop.wait()
                await intake.close()
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
                    abandoned = held.all.map(\.message.messageID)
                    group.cancelAll()
                case .helperEnded:
                    break
                }
            }
            return abandoned
        }
    }

    private func receiveAll(intake: Intake, stop: StopSignal) async throws {
        try await withThrowingDiscardingTaskGroup { group in
            for receiver in 0..<max((options.concurrency + 9) / 10, 1) {
                group.addTask {
                    do {
                        try await receive(receiver, intake: intake, stop: stop)
                    } catch {
                        // The other receivers wait for room, which cancellation does not end.
                        await intake.close()
                        throw error
                    }
                }
            }
        }
    }

    /// One receiver: poll, start what came, poll again.
    private func receive(_ receiver: Int, intake: Intake, stop: StopSignal) async throws {
        try await withThrowingDiscardingTaskGroup { handlers in
            while !stop.isRequested, let room = await intake.reserve(for: receiver, atMost: 10) {
                let allowed = lanes.board.mayReceive ? room : 0
                liveness.turned(at: clock.instant())
                guard allowed > 0 else {
                    _ = await intake.pollEnded(room: room, count: 0)
                    await stop.sleep(for: .seconds(1), clock: clock)
                    continue
                }
                await intake.release(room - allowed)
                let start = clock.now()
                let messages: [SQSMessage]
                do {
                    messages = try await queue.receive(atMost: allowed, wait: options.wait, watchdog: watchdog)
                    lanes.works(Lane(.queue))
                } catch {
                    _ = await intake.pollEnded(room: allowed, count: 0)
                    if Task.isCancelled { return }
                    await stop.sleep(for: try lanes.sitOut(Lane(.queue), error), clock: clock)
                    continue
                }
                let isIdle = await intake.pollEnded(room: allowed, count: messages.count)
                for line in lines(messages, receivedAt: start) {
                    handlers.addTask { try await work(through: line, intake: intake, stop: stop) }
                }
                if messages.isEmpty, isIdle, options.isUntilEmpty {
                    guard let due = held.nextPostponed(afterEmptyPollFrom: start) else {
                        await intake.close()
                        return
                    }
                    let pause = min(max(due.timeIntervalSince(clock.now()), 0.1), 1)
                    await stop.sleep(for: .milliseconds(Int(pause * 1000)), clock: clock)
                }
            }
        }
    }

    /// A message in hand, and the news that it is no longer ours.
    private struct Item: Sendable {
        let message: SQSMessage
        let loss: StopSignal
    }

    /// Takes messages in hand, in lines of what has to go one after another: the messages of a group of a FIFO queue.
    private func lines(_ messages: [SQSMessage], receivedAt time: Date) -> [[Item]] {
        let items = messages.map { message in
            let loss = StopSignal()
            held.take(message, at: time) { loss.request() }
            return Item(message: message, loss: loss)
        }
        guard queue.isFIFO else { return items.map { [$0] } }
        return Array(Dictionary(grouping: items) { $0.message.systemAttributes["MessageGroupId"] }.values)
    }

    /// Handles a line in its order. What comes after a message that is not finished goes back, and comes after it again.
    private func work(through line: [Item], intake: Intake, stop: StopSignal) async throws {
        var isBlocked = false
        for item in line {
            if isBlocked || stop.isRequested {
                await giveBack(item.message)
            } else {
                do {
                    isBlocked = try await !finish(item)
                } catch {
                    await intake.close()
                    throw error
                }
            }
            held.drop(item.message)
            await intake.release(1)
        }
    }

    /// - Returns: whether the message is deleted.
    private func finish(_ item: Item) async throws -> Bool {
        let isDeleted = Mutex(false)
        try await interrupting(item.loss) {
            let result = try await handle(item.message)
            isDeleted.withLock { $0 = result }
        }
        return isDeleted.withLock(\.self)
    }

    /// Does `body`, and cancels it when the message is lost.
    private func interrupting(_ loss: StopSignal, _ body: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await body() }
            group.addTask { await loss.wait() }
            try await group.next()
            group.cancelAll()
        }
    }

    /// - Returns: whether the message is deleted.
    /// - Throws: `OutageLasted`, which ends the worker.
    private func handle(_ message: SQSMessage) async throws -> Bool {
        var logger = logger
        logger[metadataKey: "message.id"] = "\(message.messageID)"
        do {
            let disposition = try await pipeline.process(message, logger: logger) { held.note($0, for: message) }
            switch disposition {
            case .delete:
                held.noteDone(message)
                try await lanes.perform(Lane(.deletes), slot: nil) { try await queue.delete(message) }
                return true
            case .postpone(let duration):
                await postpone(message, for: duration, logger: logger)
            }
        } catch  where Task.isCancelled {
            logger.warning("message abandoned; it comes back when its visibility ends")
        } catch let error as OutageLasted {
            throw error
        } catch let failure as BatchEntryFailure {
            logger.warning(
                "finished message not deleted; when it comes again it is a duplicate",
                metadata: ["error": "\(plainText("\(failure)"))"]
            )
            await postpone(message, for: pipeline.backoff.pause(after: message.receiveCount), logger: logger)
        } catch {
            logger.error("message not finished", metadata: ["error": "\(plainText("\(error)"))"])
            await postpone(message, for: pipeline.backoff.pause(after: message.receiveCount), logger: logger)
        }
        return false
    }

    private func postpone(_ message: SQSMessage, for duration: Duration, logger: Logger) async {
        // First let go, so that no heartbeat comes after the postponement.
        held.postpone(message, until: .distantFuture)
        // SQS counts whole seconds, from when the call reaches it: its answer is the first time that is surely later.
        let pause = duration.seconds.rounded(.up)
        do {
            try await queue.setVisibility(of: message, to: .seconds(pause))
        } catch {
            logger.warning("message not postponed", metadata: ["error": "\(plainText("\(error)"))"])
        }
        held.postpone(message, until: clock.now().addingTimeInterval(pause))
    }

    private func giveBack(_ message: SQSMessage) async {
        held.drop(message)
        do {
            try await queue.setVisibility(of: message, to: .zero)
        } catch {
            logger.warning("message not given back", metadata: ["error": "\(plainText("\(error)"))"])
        }
    }
}
