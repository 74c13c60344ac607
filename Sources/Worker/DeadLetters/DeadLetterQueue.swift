import AWSClient
package import Foundation

/// The queue of what failed.
package struct DeadLetterQueue: Sendable {
    private let sqs: SQSClient
    /// The queue's URL.
    package let url: String

    /// For how long a pass over the queue hides what it reads: longer than any pass should take.
    private static let passSeconds = 300

    init(sqs: SQSClient, url: String) {
        self.sqs = sqs
        self.url = url
    }

    /// Puts a copy of `message` into the queue, body untouched, with the story of its failure. Returning means that SQS has it.
    func accept(_ message: SQSMessage, story: DeadLetterStory) async throws {
        _ = try await sqs.sendMessage(
            queueURL: url,
            body: message.body,
            attributes: story.attributes(beside: message.messageAttributes, bodySize: message.body.utf8.count),
            messageGroupID: message.systemAttributes["MessageGroupId"],
            messageDeduplicationID: message.systemAttributes["MessageDeduplicationId"]
        )
    }

    /// Shows the messages that `filter` means, and leaves them where they are.
    package func list(_ filter: DeadLetterFilter, show: (DeadLetter) -> Void) async throws {
        try await pass(filter) { letter in
            show(letter)
            return .keep
        }
    }

    /// About how many messages lie in the queue, for a person who waits.
    package func approximateCount() async throws -> Int {
        try await sqs.getQueueAttributes(queueURL: url)["ApproximateNumberOfMessages"].flatMap { Int($0) } ?? 0
    }

    /// About how many messages somebody is reading: another pass, or one that was killed, whose messages come back in minutes.
    package func hiddenCount() async throws -> Int {
        try await sqs.getQueueAttributes(queueURL: url)["ApproximateNumberOfMessagesNotVisible"].flatMap { Int($0) }
            ?? 0
    }

    /// Sends the messages that `filter` means to the queue at `target`, each one sent first and deleted after, so that at no
    /// instant it is in neither.
    ///
    /// What a worker puts back into this queue meanwhile stays there: to send it again would go on for ever.
    ///
    /// - Parameters:
    ///   - rate: how many messages a second at the most; nil for as many as can be.
    ///   - done: called for each message that has moved.
    package func replay(
        _ filter: DeadLetterFilter,
        to target: String,
        rate: Double? = nil,
        clock: WorkerClock = .system,
        done: (DeadLetter) -> Void
    ) async throws {
        var sent: Set<Replayed> = []
        try await pass(filter) { letter in
            guard !sent.contains(Replayed(letter.message)) else { return .keep }
            try await move(letter.message, to: target)
            sent.insert(Replayed(afterMoving: letter.message))
            done(letter)
            if let rate { try await clock.sleep(.seconds(1 / rate)) }
            return .removed
        }
    }

    /// Deletes the messages that `filter` means, for good.
    ///
    /// - Parameter done: called for each message that is deleted.
    package func discard(_ filter: DeadLetterFilter, done: (DeadLetter) -> Void) async throws {
        try await pass(filter) { letter in
            try await delete(letter.message)
            done(letter)
            return .removed
        }
    }

    private func move(_ message: SQSMessage, to target: String) async throws {
        let replays = message.replayCount + 1
        var attributes = message.messageAttributes.filter { !DeadLetterAttribute.story.contains($0.key) }
        attributes[DeadLetterAttribute.replayCount] = MessageAttributeValue(
            dataType: "Number",
            stringValue: "\(replays)"
        )
        let groupID = message.systemAttributes["MessageGroupId"]
        _ = try await sqs.sendMessage(
            queueURL: target,
            body: message.body,
            attributes: attributes,
            messageGroupID: groupID,
            // A new id, or a FIFO queue would swallow the replay as a duplicate of the message that failed.
            messageDeduplicationID: groupID.map { _ in "\(message.messageID)-\(replays)" }
        )
        try await delete(message)
    }

    private func delete(_ message: SQSMessage) async throws {
        let failures = try await sqs.deleteMessageBatch(queueURL: url, receiptHandles: [message.receiptHandle])
        if let failure = failures.first ?? nil { throw failure }
    }

    /// By what a message that this pass sent is known when it comes back: it has a new id then.
    private struct Replayed: Hashable {
        let bodyHash: Int
        let replays: Int

        init(_ message: SQSMessage) {
            bodyHash = message.body.hashValue
            replays = message.replayCount
        }

        init(afterMoving message: SQSMessage) {
            bodyHash = message.body.hashValue
            replays = message.replayCount + 1
        }
    }

    /// What became of a message that was shown.
    private enum Visit {
        case keep
        case removed
    }

    /// Reads each message once, and gives back at once what is not removed.
    private func pass(_ filter: DeadLetterFilter, visit: (DeadLetter) async throws -> Visit) async throws {
        var seen: Set<String> = []
        var kept: [SQSMessage] = []
        let failure = await failure(of: {
            var matches = 0
            while matches < filter.limit ?? .max {
                let messages = try await sqs.receiveMessage(
                    queueURL: url,
                    maxNumberOfMessages: 10,
                    waitTimeSeconds: 1,
                    visibilityTimeout: Self.passSeconds
                )
                guard !messages.isEmpty else { return }
                // What comes again in a pass that takes long has a new handle, and goes back by that one.
                kept.removeAll { old in messages.contains { $0.messageID == old.messageID } }
                kept += messages
                let fresh = messages.filter { seen.insert($0.messageID).inserted }
                for letter in fresh.map(DeadLetter.init) where filter.means(letter) && matches < filter.limit ?? .max {
                    matches += 1
                    if try await visit(letter) == .removed {
                        kept.removeAll { $0.messageID == letter.message.messageID }
                    }
                }
            }
        })
        for chunk in kept.chunks(of: 10) {
            // What cannot be given back comes back by itself when its visibility ends.
            _ = try? await sqs.changeMessageVisibilityBatch(queueURL: url, entries: chunk.map { ($0.receiptHandle, 0) })
        }
        if let failure { throw failure }
    }

    private func failure(of body: () async throws -> Void) async -> (any Error)? {
        do {
            try await body()
            return nil
        } catch {
            return error
        }
    }
}

/// Which dead letters: those for which everything that is given holds.
package struct DeadLetterFilter: Sendable {
    private let eventID: String?
    private let id: String?
    private let groupID: String?
    private let reason: DeadLetterReason?
    private let before: Date?
    private let after: Date?
    let limit: Int?

    /// A filter; `id` is that of the event or of the message, `before` and `after` mean the time at which the message was sent to the queue where it failed.
    package init(
        eventID: String? = nil,
        id: String? = nil,
        groupID: String? = nil,
        reason: DeadLetterReason? = nil,
        before: Date? = nil,
        after: Date? = nil,
        limit: Int? = nil
    ) {
        self.eventID = eventID
        self.id = id
        self.groupID = groupID
        self.reason = reason
        self.before = before
        self.after = after
        self.limit = limit
    }

    func means(_ letter: DeadLetter) -> Bool {
        (eventID == nil || letter.eventID == eventID)
            && (id == nil || letter.eventID == id || letter.message.messageID == id)
            && (groupID == nil || letter.groupID == groupID)
            && (reason == nil || letter.reason == reason?.rawValue)
            && before.map { (letter.sentAt ?? .distantPast) < $0 } ?? true
            && after.map { (letter.sentAt ?? .distantFuture) > $0 } ?? true
    }
}
