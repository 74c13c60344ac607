import AWSClient
import Foundation

extension DeadLetterQueue {
    /// Sends the messages that `filter` matches to the queue at `target`. Each message is sent first and deleted after
    /// that, so that it is always in at least one of the two queues.
    ///
    /// A message that SQS refuses is reported and stays. A message that a worker puts back into this queue meanwhile
    /// stays, too; otherwise a replay might never end.
    ///
    /// - Parameters:
    ///   - rate: The largest number of messages a second; nil for no limit.
    ///   - report: Called with each message that could not be sent, read or given back.
    ///   - done: Called for each message that was moved.
    /// - Returns: The number of messages that the filter matched.
    @discardableResult
    package func replay(
        _ filter: DeadLetterFilter,
        to target: String,
        rate: Double? = nil,
        stop: StopSignal = StopSignal(),
        clock: WorkerClock = .system,
        report: (PassTrouble) -> Void = { _ in },
        done: (DeadLetter) -> Void
    ) async throws -> Int {
        var sent: Set<ReplayedMessage> = []
        return try await pass(filter, stop, report) { letter in
            let replay = Replay(of: letter.message, to: target)
            guard !sent.contains(ReplayedMessage(letter.message.body, replays: letter.message.replayCount)) else {
                return .keep
            }
            do {
                try await send(replay)
            } catch let trouble as QueueTrouble where trouble.isOfTheMessage {
                report(.notSent(letter, trouble.underlying))
                return .keep
            }
            sent.insert(ReplayedMessage(replay.body, replays: replay.count))
            do {
                try await delete(letter.message)
            } catch let failure as BatchEntryFailure {
                report(.notDeleted(letter, failure, isSent: true))
                return .keep
            }
            done(letter)
            if let rate { await stop.sleep(for: .seconds(1 / rate), clock: clock) }
            return .removed
        }
    }

    private func send(_ replay: Replay) async throws {
        try await naming(replay.target, setting: "--queue-url") {
            _ = try await sqs.sendMessage(
                queueURL: replay.target,
                body: replay.body,
                attributes: replay.attributes,
                messageGroupID: replay.order.groupID,
                messageDeduplicationID: replay.order.deduplicationID
            )
        }
    }
}

/// A message as a replay sends it: without the attributes of its failure, and with the number of replays if there is
/// room.
struct Replay {
    let target: String
    let body: String
    let attributes: [String: MessageAttributeValue]
    /// The number of replays that the message carries.
    let count: Int
    let order: MessageOrder

    init(of message: SQSMessage, to target: String) {
        self.target = target
        body = message.body
        let next = ReplayCount.next(after: message.replayCount)
        let removed = DeadLetterAttribute.story + [DeadLetterAttribute.replayCount]
        attributes = MessageRoom(
            beside: message.messageAttributes.filter { !removed.contains($0.key) },
            bodySize: message.body.utf8.count
        )
        .filled(
            with: [(DeadLetterAttribute.replayCount, MessageAttributeValue(dataType: "Number", stringValue: "\(next)"))]
        )
        count = ReplayCount.parse(attributes[DeadLetterAttribute.replayCount]?.stringValue)
        // A new id. A FIFO queue would drop the replay as a duplicate of the failed message.
        order = MessageOrder(of: message, to: target) { "\(message.messageID)-\(next)" }
    }
}

/// Identifies a message that this replay has already sent. It has a new message id when it comes back.
private struct ReplayedMessage: Hashable {
    let bodyHash: Int
    let replays: Int

    init(_ body: String, replays: Int) {
        bodyHash = body.hashValue
        self.replays = replays
    }
}

extension QueueTrouble {
    /// True if SQS refused this message, so that others may still be sent.
    fileprivate var isOfTheMessage: Bool {
        guard let error = underlying as? AWSServiceError, (400..<500).contains(error.statusCode) else { return false }
        return Self.messageCodes.contains { error.has(code: $0) } || error.statusCode == 413
    }

    private static let messageCodes = [
        "InvalidMessageContents", "InvalidParameterValue", "InvalidAttributeName", "InvalidAttributeValue",
        "MissingParameter", "InvalidParameterCombination",
    ]
}
