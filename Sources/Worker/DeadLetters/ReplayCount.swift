import AWSClient

/// The number of replays of a message, 0 to 1,000. Anybody who can send to the queue can forge it.
enum ReplayCount {
    static let limit = 1000

    /// Reads the attribute. Anything but a whole number in the range counts as 0.
    static func parse(_ text: String?) -> Int {
        guard let count = text.flatMap(Int.init), (0...limit).contains(count) else { return 0 }
        return count
    }

    /// The count after one more replay. It stays at the upper bound.
    static func next(after count: Int) -> Int {
        min(count + 1, limit)
    }
}

extension SQSMessage {
    /// The number of times that somebody replayed the message, 0 to 1,000.
    var replayCount: Int {
        ReplayCount.parse(text(DeadLetterAttribute.replayCount))
    }

    /// The text of a message attribute.
    func text(_ attribute: String) -> String? {
        messageAttributes[attribute]?.stringValue
    }
}
