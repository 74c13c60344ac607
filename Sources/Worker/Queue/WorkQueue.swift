package import AWSClient
import Formats
import Foundation

/// The queue that EventBridge fills. Deletes and visibility changes are gathered into batches of ten.
package struct WorkQueue: Sendable {
    private let sqs: SQSClient
    /// True if the queue keeps the order within a message group.
    var isFIFO: Bool { url.hasSuffix(".fifo") }
    /// The queue's URL.
    package let url: String
    private let deletes: Coalescer<String, String, BatchEntryFailure?>
    private let visibilities: Coalescer<String, VisibilityChange, BatchEntryFailure?>

    private struct VisibilityChange {
        let receiptHandle: String
        let seconds: Int
    }

    /// Creates a queue that is reached through `sqs`.
    package init(sqs: SQSClient, url: String) {
        self.sqs = sqs
        self.url = url
        // Several calls may be under way, because one after the other would be too slow if AWS answers slowly.
        deletes = Coalescer(limit: 10, width: 8) { url, handles in
            try await sqs.deleteMessageBatch(queueURL: url, receiptHandles: handles)
        }
        visibilities = Coalescer(limit: 10, width: 8) { url, changes in
            try await sqs.changeMessageVisibilityBatch(
                queueURL: url,
                entries: changes.map { ($0.receiptHandle, $0.seconds) }
            )
        }
    }

    /// The Region of the queue.
    var region: AWSRegion { sqs.region }

    /// Waits for up to `count` messages, at most ten, for at most `wait`, and hides them for `visibility`.
    func receive(wait: Duration, visibility: Duration, atMost count: Int = 10) async throws -> [SQSMessage] {
        try await sqs.receiveMessage(
            queueURL: url,
            maxNumberOfMessages: count,
            waitTimeSeconds: Int(wait.components.seconds),
            visibilityTimeout: Int(visibility.components.seconds)
        )
    }

    /// Deletes a finished message. If SQS refuses an entry of a batch, it is tried again by itself.
    func delete(_ message: SQSMessage) async throws {
        for attempt in 1... {
            guard let failure = try await deletes.submit([message.receiptHandle], for: url)[0] else { return }
            guard !failure.isSenderFault, attempt < 3 else { throw failure }
        }
    }

    /// Sets the visibility timeout of a message: it is hidden for `duration` from now, at most SQS's 12 hours. Zero makes it
    /// visible at once.
    func setVisibility(of message: SQSMessage, to duration: Duration) async throws {
        if let failure = try await setVisibilities([(message, duration)])[0] { throw failure }
    }

    /// Sets the visibility timeouts of up to ten messages in one call.
    ///
    /// - Returns: For each message nil, or the error.
    func setVisibilities(_ items: [(message: SQSMessage, duration: Duration)]) async throws -> [BatchEntryFailure?] {
        let changes = items.map { item in
            VisibilityChange(
                receiptHandle: item.message.receiptHandle,
                seconds: min(max(Int(item.duration.seconds.rounded(.up)), 0), 43_200)
            )
        }
        return try await visibilities.submit(changes, for: url)
    }

    /// Asks to delete a message that does not exist, to find out whether deletes are accepted.
    func tryDelete() async throws {
        _ = try await sqs.deleteMessageBatch(queueURL: url, receiptHandles: ["sg-revert-probe"])
    }

    /// The attributes that the worker needs.
    package func attributes() async throws -> QueueAttributes {
        try await QueueAttributes(sqs.getQueueAttributes(queueURL: url))
    }

    /// The dead-letter queue: the one at `url`, or else the one that the redrive policy names.
    ///
    /// - Throws: `QueueError` if there is none, or the error from AWS.
    package func deadLetterQueue(at url: String?) async throws -> DeadLetterQueue {
        try await deadLetterQueue(at: url, attributes: url == nil ? attributes() : QueueAttributes([:]))
    }

    func deadLetterQueue(at url: String?, attributes: QueueAttributes) async throws -> DeadLetterQueue {
        if let url { return DeadLetterQueue(sqs: sqs, url: url) }
        guard let arn = attributes.deadLetterTargetARN else { throw QueueError.noDeadLetterQueue(self.url) }
        guard let target = ARN(arn), target.service == "sqs", !target.resource.contains(":") else {
            throw QueueError.badRedrivePolicy(arn)
        }
        do {
            let found = try await sqs.getQueueURL(name: target.resource, ownerAccountID: target.account)
            return DeadLetterQueue(sqs: sqs, url: found)
        } catch let error as AWSServiceError where error.has(code: "QueueDoesNotExist") {
            throw QueueError.missingDeadLetterQueue(arn, of: self.url)
        }
    }
}

/// The attributes of a queue that the worker needs.
package struct QueueAttributes: Sendable {
    /// The time for which a received message is hidden.
    package let visibilityTimeout: Duration
    /// The queue to which SQS moves messages that were received too often.
    package let deadLetterTargetARN: String?
    /// The number of receives after which SQS moves a message.
    package let maxReceiveCount: Int?

    init(_ attributes: [String: String]) {
        visibilityTimeout = .seconds(Int(attributes["VisibilityTimeout"] ?? "") ?? 30)
        let redrive = attributes["RedrivePolicy"].flatMap {
            try? JSONDecoder().decode(RedrivePolicy.self, from: Data($0.utf8))
        }
        deadLetterTargetARN = redrive?.deadLetterTargetArn
        maxReceiveCount = redrive?.maxReceiveCount.value
    }

    private struct RedrivePolicy: Decodable {
        let deadLetterTargetArn: String
        let maxReceiveCount: Count
    }

    /// SQS returns the count as it was given: a number or a text.
    private struct Count: Decodable {
        let value: Int?

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            value = try (try? container.decode(Int.self)) ?? Int(container.decode(String.self))
        }
    }
}

/// A problem of a queue.
package enum QueueError: Error, CustomStringConvertible {
    /// The redrive policy names no SQS queue.
    case badRedrivePolicy(String)
    /// There is no dead-letter queue.
    case noDeadLetterQueue(String)
    /// The redrive policy names a queue that does not exist.
    case missingDeadLetterQueue(String, of: String)

    /// One line for the operator.
    package var description: String {
        switch self {
        case .badRedrivePolicy(let arn):
            "the queue's redrive policy names \"\(plainText(arn))\", which is no queue ARN; set --dead-letter-queue-url"
        case .missingDeadLetterQueue(let arn, let url):
            "the dead-letter queue \(plainText(arn)) that the redrive policy of \(plainText(url)) names does not exist: "
                + "create it, correct the policy, or set --dead-letter-queue-url"
        case .noDeadLetterQueue(let url):
            "\(plainText(url)) has no redrive policy; give it one, or set --dead-letter-queue-url"
        }
    }
}
