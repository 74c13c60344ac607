import AWSClient
import Formats
import Foundation
import Ledger
import Logging

/// The start: the queue and its dead-letter queue are asked for until they answer.
extension RevertWorker {
    /// Asks for the queue until it answers, or a stop is requested.
    func start(_ queue: WorkQueue, stop: StopSignal) async throws -> QueueState.Facts? {
        let backoff = Backoff(base: .seconds(2), cap: .seconds(60), random: random)
        var failures = 0
        while !stop.isRequested {
            do {
                return try await stop.interrupting {
                    try await self.tellingOfPatience { try await self.facts(of: queue, isStart: true) }
                }
            } catch  where !options.isUntilEmpty {
                failures += 1
                startState.failed(plainText("\(error)"))
                liveness.turned(at: clock.instant())
                logger.error(
                    "cannot start yet, will try again",
                    metadata: ["error": "\(plainText("\(error)"))"]
                )
                await stop.sleep(for: backoff.pause(after: failures), clock: clock)
            }
        }
        return nil
    }

    /// Says so where `body` takes long: a worker that waits in silence looks like one that works.
    private func tellingOfPatience<Found: Sendable>(
        _ body: @escaping @Sendable () async throws -> Found
    ) async throws -> Found {
        try await withThrowingTaskGroup(of: Found?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                try await clock.sleep(.seconds(5))
                logger.warning("still waiting for credentials and for an answer of the queue")
                return nil
            }
            defer { group.cancelAll() }
            while let found = try await group.next() {
                if let found { return found }
            }
            throw CancellationError()
        }
    }

    /// Reads the attributes of the queue that the worker needs.
    func facts(of queue: WorkQueue, isStart: Bool) async throws -> QueueState.Facts {
        let attributes = try await queue.attributes()
        var facts = QueueState.Facts(
            visibilityTimeout: attributes.visibilityTimeout,
            maxReceiveCount: attributes.maxReceiveCount
        )
        do {
            let letters = try await queue.deadLetterQueue(at: options.deadLetterQueueURL, attributes: attributes)
            if isStart, options.deadLetterQueueURL != nil {
                for remark in try await letters.check() { logger.warning("\(plainText(remark, limit: 500))") }
            }
            facts.deadLetters = letters
        } catch QueueError.noDeadLetterQueue where isStart {
            logger.warning(
                "the queue has no redrive policy and --dead-letter-queue-url is not set: what fails stays in the queue"
            )
        } catch QueueError.noDeadLetterQueue {}
        if isStart, queue.isFIFO {
            logger.warning(
                "the queue is a FIFO queue: SQS holds back what comes after an event that waits; use a standard queue"
            )
        }
        if isStart, attributes.visibilityTimeout < .seconds(10) {
            logger.warning(
                "the queue's visibility timeout is under 10 s: this worker asks for 30 s with each receive",
                metadata: ["visibility.seconds": .stringConvertible(attributes.visibilityTimeout.components.seconds)]
            )
        }
        return facts
    }
}
