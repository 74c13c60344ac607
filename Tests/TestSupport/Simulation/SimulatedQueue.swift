package import AWSClient
package import TestSupport

/// A standard SQS queue: at least once, in any order, with visibility timeouts and a redrive policy.
package struct SimulatedQueue: Sendable {
    /// One message in the queue.
    package struct Entry: Sendable {
        package let messageID: String
        /// The event that the message brings; nil where it brings none.
        package let eventID: String?
        package let body: String
        package let attributes: [String: MessageAttributeValue]
        package internal(set) var visibleAt: Duration
        package internal(set) var receives = 0
        package internal(set) var receiptHandle = ""
        /// When it was first received.
        package internal(set) var firstReceivedAt: Duration = .zero
        /// The handles of earlier receives.
        var oldHandles: [String] = []
    }

    /// How many receives SQS allows before it moves a message itself.
    package let maxReceiveCount: Int
    package private(set) var entries: [Entry] = []
    /// What was received more often than the redrive policy allows.
    package private(set) var redriven: [Entry] = []
    /// When the first message of an event was deleted.
    package private(set) var deletedAt: [String: Duration] = [:]
    private var nextNumber = 1

    package init(maxReceiveCount: Int = 1000) {
        self.maxReceiveCount = maxReceiveCount
    }

    /// Puts a message into the queue, to be seen from `visibleAt` on.
    package mutating func send(
        _ body: String,
        attributes: [String: MessageAttributeValue] = [:],
        messageID: String,
        eventID: String?,
        visibleAt: Duration
    ) {
        entries.append(
            Entry(messageID: messageID, eventID: eventID, body: body, attributes: attributes, visibleAt: visibleAt)
        )
    }

    /// Hands out up to `count` visible messages in random order.
    ///
    /// - Parameter duplicates: in how many of 100 receives a message in flight is handed out once more.
    package mutating func receive(
        _ count: Int,
        visibility: Duration,
        now: Duration,
        duplicates: Int,
        using generator: inout SeededGenerator
    ) -> [Entry] {
        if generator.chance(duplicates) {
            let flying = entries.indices.filter {
                entries[$0].visibleAt > now && entries[$0].receives > 0 && entries[$0].receives < maxReceiveCount
            }
            if !flying.isEmpty { entries[generator.pick(flying)].visibleAt = now }
        }
        for index in entries.indices.reversed()
        where entries[index].visibleAt <= now && entries[index].receives >= maxReceiveCount {
            redriven.append(entries.remove(at: index))
        }
        guard entries.contains(where: { $0.visibleAt <= now }) else { return [] }
        var received: [Entry] = []
        for index in entries.indices.shuffled(using: &generator)
        where entries[index].visibleAt <= now && received.count < count {
            if entries[index].receives > 0 { entries[index].oldHandles.append(entries[index].receiptHandle) }
            if entries[index].receives == 0 { entries[index].firstReceivedAt = now }
            entries[index].receives += 1
            entries[index].visibleAt = now + visibility
            entries[index].receiptHandle = "handle-\(nextNumber)"
            nextNumber += 1
            received.append(entries[index])
        }
        return received
    }

    /// Deletes a message. An old handle succeeds, and deletes the message or not.
    package mutating func delete(_ receiptHandle: String, now: Duration, using generator: inout SeededGenerator) {
        guard
            let index = entries.firstIndex(where: {
                $0.receiptHandle == receiptHandle || $0.oldHandles.contains(receiptHandle)
            })
        else { return }
        guard entries[index].receiptHandle == receiptHandle || generator.chance(50) else { return }
        let entry = entries.remove(at: index)
        if let eventID = entry.eventID, deletedAt[eventID] == nil { deletedAt[eventID] = now }
    }

    /// Sets the visibility timeout of a message in flight.
    package mutating func setVisibility(_ receiptHandle: String, to visibility: Duration, now: Duration) {
        guard let index = entries.firstIndex(where: { $0.receiptHandle == receiptHandle }) else { return }
        entries[index].visibleAt = now + visibility
    }

    /// When the next message becomes visible, if one waits.
    package var nextVisible: Duration? { entries.lazy.map(\.visibleAt).min() }
}
