/// The messages that a file holds, for people who have a file and no queue.
///
/// A file is one message, or one on each line. Besides, these wrappings are opened, which no message of a queue has: an
/// array, a log file of CloudTrail, and what the AWS CLI prints of `cloudtrail lookup-events` and `sqs receive-message`.
/// What is in them is unwrapped as the worker unwraps a message, and no further.
package struct MessageFile: Sendable {
    /// A wrapping that a file has and a message of a queue cannot have.
    package enum Wrapping: String, Hashable, Sendable, CaseIterable {
        /// A JSON array of messages.
        case array = "a JSON array"
        /// `Records`.
        case logFile = "a CloudTrail log file"
        /// `Events[].CloudTrailEvent`.
        case lookup = "the output of aws cloudtrail lookup-events"
        /// `Messages[].Body`, which are messages.
        case receive = "the output of aws sqs receive-message"

        /// True if a queue's message of this shape would be a dead letter. A receive prints messages as they are.
        package var isDeadLetter: Bool { self != .receive }
    }

    /// The messages, in the order of the file; a line that cannot be read is `unreadable`, and so in its place.
    package private(set) var messages: [DecodedMessage] = []
    /// The wrappings that were opened.
    package private(set) var wrappings: Set<Wrapping> = []

    /// Reads the text of a file.
    package init(text: String) {
        if let value = try? JSONParser.parse(text) {
            add(value, depth: 0)
            return
        }
        let lines = text.split(whereSeparator: \.isNewline).filter { !$0.allSatisfy(\.isWhitespace) }
        // A file of one broken value spread over many lines is one broken message, not many.
        let values = lines.map { try? JSONParser.parse(String($0)) }
        guard values.contains(where: { if case .object = $0 { true } else { false } }) else {
            messages = [DecodedMessage(body: text)]
            return
        }
        for (line, value) in zip(lines, values) {
            if let value { add(value, depth: 0) } else { messages.append(DecodedMessage(body: String(line))) }
        }
    }

    /// Adds what the value is, or holds. No file nests its messages deeper than an array of log files.
    private mutating func add(_ value: JSONValue, depth: Int) {
        if depth < 4 {
            if case .array(let elements) = value {
                wrappings.insert(.array)
                for element in elements { add(element, depth: depth + 1) }
                return
            }
            if case .array(let records) = value["Records"] {
                wrappings.insert(.logFile)
                for record in records { add(record, depth: depth + 1) }
                return
            }
            if case .array(let events) = value["Events"], add(texts(events, "CloudTrailEvent"), of: .lookup) { return }
            if case .array(let received) = value["Messages"], add(texts(received, "Body"), of: .receive) { return }
        }
        messages.append(DecodedMessage { () throws(UnreadableMessage) in try MessageEnvelope(value) })
    }

    private mutating func add(_ bodies: [String]?, of wrapping: Wrapping) -> Bool {
        guard let bodies else { return false }
        wrappings.insert(wrapping)
        messages += bodies.map { DecodedMessage(body: $0) }
        return true
    }

    /// The texts of this name in each element; nil where one has none.
    private func texts(_ elements: [JSONValue], _ name: String) -> [String]? {
        let texts = elements.compactMap { $0[name].string }
        return texts.count == elements.count ? texts : nil
    }
}
