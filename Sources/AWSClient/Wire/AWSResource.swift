import Formats

/// The thing that a call is about. Errors name it.
package struct AWSResource: Hashable, Sendable, CustomStringConvertible {
    /// The kind of thing.
    package enum Kind: String, Sendable {
        case queue, topic, table, role
        case group = "security group"
        case eventBus = "event bus"
        case prefixList = "prefix list"
    }

    package let kind: Kind
    /// Its URL, ARN, id or name.
    package let name: String

    /// Creates a thing with this name.
    package init(_ kind: Kind, _ name: String) {
        self.kind = kind
        self.name = name
    }

    /// `queue https://sqs.…/q`
    package var description: String {
        "\(kind.rawValue) \(plainText(name, limit: 200))"
    }

    /// The advice of an error if the thing does not exist.
    var advice: String {
        switch kind {
        case .queue: "check --queue-url and its Region"
        case .topic: "check --topic-arn and notify.topic_arn"
        case .table: "check --claims and the Region"
        case .eventBus: "check --event-bus and the Region"
        case .role: "check --role-arn"
        case .group: "check its id and Region"
        case .prefixList: "check its id and Region"
        }
    }
}
