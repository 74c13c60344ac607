import Formats
import SecurityGroups
import Yams

extension PolicyReader {
    mutating func readNotify(_ node: Node, into policy: inout Policy) {
        guard let members = members(node, of: "notify", keys: ["topic_arn", "on", "outcomes"]) else { return }
        if let topic = members["topic_arn"], let arn = text(topic, of: "topic_arn") {
            policy.topicARN = readTopic(arn, at: topic)
        }
        // YAML 1.1, which PyYAML reads, takes a bare `on` as true.
        if let on = members["on"], members["outcomes"] != nil {
            fail(on, "\"on\" and \"outcomes\" are two spellings of one key; keep one")
        }
        let known = EventOutcome.allCases.map(\.rawValue)
        for key in ["on", "outcomes"] {
            guard let node = members[key] else { continue }
            let outcomes = texts(node, of: key).compactMap {
                choice($0, of: "outcome", among: known) { EventOutcome(rawValue: $0) }
            }
            policy.notifyOn = Set(outcomes)
        }
    }

    private mutating func readTopic(_ text: String, at node: Node) -> String? {
        guard let arn = ARN(text), arn.service == "sns", !arn.resource.isEmpty, !arn.resource.contains(":") else {
            fail(
                node,
                "\(quoted(text)) is not an SNS topic's ARN, such as arn:aws:sns:eu-west-1:111122223333:sg-revert"
            )
            return nil
        }
        guard !arn.resource.hasSuffix(".fifo") else {
            fail(node, "\(quoted(text)) is a FIFO topic; notifications go to a standard topic")
            return nil
        }
        if AccountID(arn.account) == nil {
            warn(node, "\(quoted(text)) has no account of 12 digits, so there is no such topic")
        } else {
            warnAboutRegion(arn.region, at: node)
        }
        return text
    }
}
