import AWSClient
import Foundation
import Logging

/// Receives messages, hands each to the pipeline, and does with it what the pipeline says.
struct QueueConsumer: Sendable {
    let queue: WorkQueue
    let pipeline: MessagePipeline
    let held: HeldMessages
    let heartbeat: Heartbeat
    let options: WorkerOptions
    /// How long a receive that failed is not repeated.
    let pollBackoff: Backoff
    let clock: WorkerClock
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
                await heartbeat.run(lease: WorkerOptions.lease)
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
                group.addTask { try await receive(receiver, intake: intake, stop: stop) }
            }
        }
    }

    /// One receiver: poll, start what came, poll again.
    private func receive(_ receiver: Int, intake: Intake, stop: StopSignal) async throws {
        try await withThrowingDiscardingTaskGroup { handlers in
            var failures = 0
            while !stop.isRequested, let room = await intake.reserve(for: receiver, atMost: 10) {
                let start = clock.now()
                do {
                    let messages = try await queue.receive(atMost: room, wait: options.wait)
                    failures = 0
                    let isIdle = await intake.pollEnded(room: room, count: messages.count)
                    for message in messages {
                        held.take(message)
                        handlers.addTask {
                            stop.isRequested ? await giveBack(message) : await handle(message)
                            held.drop(message)
                            await intake.release(1)
                        }
                    }
                    if messages.isEmpty, isIdle, options.isUntilEmpty {
                        guard let due = held.nextPostponed(afterEmptyPollFrom: start) else {
                            await intake.close()
                            return
                        }
                        let pause = min(max(due.timeIntervalSince(clock.now()), 0.1), 1)
                        await stop.sleep(for: .milliseconds(Int(pause * 1000)), clock: clock)
                    }
                } catch {
                    _ = await intake.pollEnded(room: room, count: 0)
                    if Task.isCancelled { return }
                    if options.isUntilEmpty {
                        // The other receivers wait for room, which cancellation does not end.
                        await intake.close()
                        throw error
                    }
                    failures += 1
                    logger.error("receive failed", metadata: ["error": "\(plainText("\(error)"))"])
                    await stop.sleep(for: pollBackoff.pause(after: failures), clock: clock)
                }
            }
        }
    }

    private func handle(_ message: SQSMessage) async {
        var logger = logger
        logger[metadataKey: "message.id"] = "\(message.messageID)"
        do {
            let disposition = try await pipeline.process(message, logger: logger) { held.note($0, for: message) }
            switch disposition {
            case .delete:
                try await queue.delete(message)
            case .postpone(let duration):
                await postpone(message, for: duration, logger: logger)
            }
        } catch  where Task.isCancelled {
            logger.warning("message abandoned; it comes back when its visibility ends")
        } catch {
            logger.error("message not finished", metadata: ["error": "\(plainText("\(error)"))"])
            await postpone(message, for: pipeline.backoff.pause(after: message.receiveCount), logger: logger)
        }
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
