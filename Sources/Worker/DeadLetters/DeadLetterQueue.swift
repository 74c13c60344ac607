import AWSClient
import Foundation

/// The queue that holds the messages that failed.
package struct DeadLetterQueue: Sendable {
    let sqs: SQSClient
    /// The queue's URL.
    package let url: String
    /// The clock for keeping letters hidden.
    private let clock: WorkerClock

    /// The setting that names the queue.
    static let setting = "--dead-letter-queue-url"

    init(sqs: SQSClient, url: String, clock: WorkerClock = .system) {
        self.sqs = sqs
        self.url = url
        self.clock = clock
    }

    /// Puts a copy of `message` into the queue, with its body unchanged and attributes about its failure. Returns once
    /// SQS has it.
    func accept(_ message: SQSMessage, story: DeadLetterStory) async throws {
        let order = MessageOrder(of: message, to: url) { message.systemAttributes["MessageDeduplicationId"] }
        _ = try await sqs.sendMessage(
            queueURL: url,
            body: message.body,
            attributes: story.attributes(beside: message.messageAttributes, bodySize: message.body.utf8.count),
            messageGroupID: order.groupID,
            messageDeduplicationID: order.deduplicationID
        )
    }

    /// Shows the messages that `filter` matches, and leaves them in the queue.
    ///
    /// - Parameters:
    ///   - stop: Ends the reading early.
    ///   - report: Called with each message that could not be read or given back.
    /// - Returns: The number of messages that were shown.
    @discardableResult
    package func list(
        _ filter: DeadLetterFilter,
        stop: StopSignal = StopSignal(),
        report: (PassTrouble) -> Void = { _ in },
        show: (DeadLetter) -> Void
    ) async throws -> Int {
        try await pass(filter, stop, report) { letter in
            show(letter)
            return .keep
        }
    }

    /// The approximate number of messages in the queue.
    package func approximateCount() async throws -> Int {
        try await naming(url, setting: Self.setting) {
            try await sqs.getQueueAttributes(queueURL: url)["ApproximateNumberOfMessages"].flatMap { Int($0) } ?? 0
        }
    }

    /// Deletes the messages that `filter` matches.
    ///
    /// - Parameter done: Called for each message that was deleted.
    /// - Returns: The number of messages that the filter matched.
    @discardableResult
    package func discard(
        _ filter: DeadLetterFilter,
        stop: StopSignal = StopSignal(),
        report: (PassTrouble) -> Void = { _ in },
        done: (DeadLetter) -> Void
    ) async throws -> Int {
        try await pass(filter, stop, report) { letter in
            do {
                try await delete(letter.message)
            } catch let failure as BatchEntryFailure {
                report(.notDeleted(letter, failure, isSent: false))
                return .keep
            }
            done(letter)
            return .removed
        }
    }

    func pass(
        _ filter: DeadLetterFilter,
        _ stop: StopSignal,
        _ report: (PassTrouble) -> Void,
        visit: (DeadLetter) async throws -> DeadLetterPass.Visit
    ) async throws -> Int {
        let pass = DeadLetterPass(sqs: sqs, url: url, filter: filter, stop: stop, clock: clock)
        return try await naming(url, setting: Self.setting) {
            try await pass.run(report: report, visit)
        }
    }

    func delete(_ message: SQSMessage) async throws {
        let failures = try await sqs.deleteMessageBatch(queueURL: url, receiptHandles: [message.receiptHandle])
        if let failure = failures[0] { throw failure }
    }
}

/// The order of a message in the queue that it is sent to.
///
/// A FIFO queue needs both ids. A standard queue takes a group id (fair queues) and refuses a deduplication id.
struct MessageOrder {
    let groupID: String?
    let deduplicationID: String?

    init(of message: SQSMessage, to url: String, deduplicationID: () -> String?) {
        let groupID = message.systemAttributes["MessageGroupId"]
        let isFIFO = url.hasSuffix(".fifo")
        self.groupID = isFIFO ? groupID ?? "sg-revert" : groupID
        self.deduplicationID = isFIFO ? deduplicationID() ?? message.messageID : nil
    }
}
