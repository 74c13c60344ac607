/// The messages in a file, for people who have a file and no queue.
///
/// A file is one message, or one on each line. These wrappings are opened, too, although no message of a queue has
/// them: an array, a log file of CloudTrail, and the output of `cloudtrail lookup-events` and `sqs receive-message` of
/// the AWS CLI. Their content is unwrapped as the worker unwraps a message, and no further.
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

        /// True if a queue's message of this shape would be a dead letter. A receive prints messages unchanged.
        package var isDeadLetter: Bool { self != .receive }
    }

    /// The messages, in the order of the file. A line that cannot be read is `unreadable` and keeps its place.
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
        // A file with one broken value on many lines counts as one broken message, not as many.
        let values = lines.map { try? JSONParser.parse(String($0)) }
        guard values.contains(where: { if case .object = $0 { true } else { false } }) else {
            messages = [DecodedMessage(body: text)]
            return
        }
        for (line, value) in zip(lines, values) {
            if let value { add(value, depth: 0) } else { messages.append(DecodedMessage(body: String(line))) }
        }
    }

    /// Adds the value, or the messages that it holds. No file nests messages deeper than an array of log files.
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

    /// The texts of this name in each element; nil if one has none.
    private func texts(_ elements: [JSONValue], _ name: String) -> [String]? {
        let texts = elements.compactMap { $0[name].string }
        return texts.count == elements.count ? texts : nil
    }
}
