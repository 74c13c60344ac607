/// Amazon SNS, in one topic's Region.
package struct SNSClient: Sendable {
    let client: AWSServiceClient

    /// Publishes a message and returns its id.
    ///
    /// Not idempotent: if the response is lost, a retry publishes it twice. So a message should carry an id.
    ///
    /// - Parameters:
    ///   - subject: ASCII, under 100 characters, without control characters. Otherwise SNS answers `InvalidParameter`.
    ///   - attributes: Message attributes of the type `String`.
    package func publish(
        topicARN: String,
        subject: String?,
        message: String,
        attributes: [String: String] = [:]
    ) async throws -> String {
        let root = try await client.query("Publish", of: AWSResource(.topic, topicARN)) { parameters in
            parameters.add("TopicArn", topicARN)
            parameters.add("Subject", subject)
            parameters.add("Message", message)
            for (index, (name, value)) in attributes.sorted(by: { $0.key < $1.key }).enumerated() {
                let entry = "MessageAttributes.entry.\(index + 1)"
                parameters.add("\(entry).Name", name)
                parameters.add("\(entry).Value.DataType", "String")
                parameters.add("\(entry).Value.StringValue", value)
            }
        }.root
        guard let id = root["PublishResult"]?.text("MessageId") else {
            throw client.unreadable("Publish", "there is no MessageId")
        }
        return id
    }
}
