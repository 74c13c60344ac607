import Formats
import SecurityGroups

extension NoticeEvent {
    /// The event as lines: the facts of the record, and the result for each rule.
    ///
    /// - Parameters:
    ///   - isDoubted: True if the record is not believed, so that all of its text is quoted.
    ///   - room: The approximate number of bytes for the rules.
    func lines(isDoubted: Bool, room: Int) -> [String] {
        func shown(_ text: String?) -> String? {
            text.map { isDoubted ? QuotedText.quoted($0) : QuotedText.plainIfStrict($0) }
        }
        let facts: [(label: String, value: String?)] = [
            ("Who", who(shown)), ("Session", actorARN == issuerARN || issuerARN == nil ? nil : shown(actorARN)),
            ("From", shown(sourceIP)), ("Call", shown(eventName)),
            ("When", isDoubted ? shown(eventTime) : QuotedText.time(eventTime) ?? shown(eventTime)),
            ("Open for", exposedMilliseconds.map { "\(Double($0 / 100) / 10) s" }),
            ("Why", reason.map(QuotedText.quoted)), ("Error", errorMessage.map(QuotedText.quoted)),
            ("Event", shown(eventID)),
        ]
        return NoticeText.table(facts) + ruleLines(isDoubted: isDoubted, room: room)
    }

    /// The caller: the ARN, or else the type, service and id of the record.
    private func who(_ shown: (String?) -> String?) -> String? {
        if let arn = issuerARN ?? actorARN { return shown(arn) }
        let parts = [
            shown(actorType), invokedBy.map { "for \(shown($0) ?? "")" }, actorID.map { "id \(shown($0) ?? "")" },
        ]
        .compactMap(\.self)
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }

    private func ruleLines(isDoubted: Bool, room: Int) -> [String] {
        let rules = rules ?? []
        guard !rules.isEmpty else { return [] }
        var lines = ["Rules"]
        var rest = room
        for (index, rule) in rules.enumerated() {
            let text = rule.lines(isDoubted: isDoubted)
            rest -= text.utf8.count + 1
            guard rest >= 0 else {
                lines.append("- and \(rules.count - index) more: sg-revert audit query --rules tells of all")
                break
            }
            lines.append(text)
        }
        return lines
    }
}

extension NoticeEvent.Rule {
    /// A line such as `- reverted: ingress tcp 22 from 0.0.0.0/0 (sgr-…, "ssh for all")`, and the command that undoes
    /// it.
    fileprivate func lines(isDoubted: Bool) -> String {
        let ports = PortRange(from: fromPort ?? -1, to: toPort ?? -1)
        let rule = ruleInWords(direction: direction, ipProtocol: ipProtocol, ports: ports, peer: source)
        let isStrict = IPProtocol(ipProtocol) != nil && Direction(rawValue: direction) != nil && isPlain(source)
        let id = ruleID.map { SecurityGroupRuleID($0)?.description ?? QuotedText.quoted($0) }
        let notes = [id, description.map(QuotedText.quoted)].compactMap(\.self)
        let words = isStrict && !isDoubted ? rule : QuotedText.quoted(rule)
        var text = "- \(plainText(outcome, limit: 40)): \(words)"
        if !notes.isEmpty { text += " (\(notes.joined(separator: ", ")))" }
        if let reason { text += "\n  by \(QuotedText.quoted(reason))" }
        // A text that may be forged holds no command to paste.
        if let undo, !isDoubted { text += "\n  to undo that: \(plainText(undo, limit: 4096))" }
        return text
    }

    private func isPlain(_ text: String) -> Bool {
        text.utf8.count <= 100 && text.utf8.allSatisfy { $0.isASCIILetterOrDigit || "-./:".utf8.contains($0) }
    }
}
