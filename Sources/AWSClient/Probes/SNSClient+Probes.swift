extension SNSClient {
    /// Checks whether the topic exists. The worker itself does not need this permission.
    package func probeTopic(topicARN: String) async -> ProbeAnswer {
        await ProbeAnswer.of(expecting: []) {
            _ = try await client.query("GetTopicAttributes") { $0.add("TopicArn", topicARN) }
        }
    }

    /// Checks whether messages may be published, with a message that SNS refuses: its subject is too long, and it is
    /// declared as JSON but is none.
    package func probePublish(topicARN: String) async -> ProbeAnswer {
        await ProbeAnswer.of(expecting: ["InvalidParameter", "InvalidParameterException", "ValidationError"]) {
            _ = try await client.query("Publish") { parameters in
                parameters.add("TopicArn", topicARN)
                parameters.add("Subject", String(repeating: "sg-revert doctor ", count: 10))
                parameters.add("MessageStructure", "json")
                parameters.add("Message", "sg-revert doctor")
            }
        }
    }
}
