/// The bodies of SQS's JSON protocol, in SQS's names.

struct ReceiveMessageRequest: Encodable {
    let queueURL: String
    let maxNumberOfMessages: Int
    let waitTimeSeconds: Int
    let visibilityTimeout: Int?
    private let systemAttributeNames = ["All"]
    private let attributeNames = ["All"]

    init(queueURL: String, maxNumberOfMessages: Int, waitTimeSeconds: Int, visibilityTimeout: Int? = nil) {
        self.queueURL = queueURL
        self.maxNumberOfMessages = maxNumberOfMessages
        self.waitTimeSeconds = waitTimeSeconds
        self.visibilityTimeout = visibilityTimeout
    }

    private enum CodingKeys: String, CodingKey {
        case queueURL = "QueueUrl"
        case maxNumberOfMessages = "MaxNumberOfMessages"
        case waitTimeSeconds = "WaitTimeSeconds"
        case visibilityTimeout = "VisibilityTimeout"
        case systemAttributeNames = "MessageSystemAttributeNames"
        case attributeNames = "MessageAttributeNames"
    }
}

/// An empty receive has no `Messages` at all.
struct ReceiveMessageAnswer: Decodable {
    let messages: [SQSMessage]?

    private enum CodingKeys: String, CodingKey {
        case messages = "Messages"
    }
}

struct BatchRequest: Encodable {
    struct Entry: Encodable {
        var id = ""
        let receiptHandle: String
        var visibilityTimeout: Int?

        private enum CodingKeys: String, CodingKey {
            case id = "Id"
            case receiptHandle = "ReceiptHandle"
            case visibilityTimeout = "VisibilityTimeout"
        }
    }

    let queueURL: String
    let entries: [Entry]

    private enum CodingKeys: String, CodingKey {
        case queueURL = "QueueUrl"
        case entries = "Entries"
    }
}

/// A batch's answer has status 200 whatever became of its entries.
struct BatchAnswer: Decodable {
    struct Success: Decodable {
        let id: String

        private enum CodingKeys: String, CodingKey {
            case id = "Id"
        }
    }

    struct Failure: Decodable {
        let id: String
        let code: String
        let message: String?
        let isSenderFault: Bool?

        private enum CodingKeys: String, CodingKey {
            case id = "Id"
            case code = "Code"
            case message = "Message"
            case isSenderFault = "SenderFault"
        }
    }

    let successful: [Success]?
    let failed: [Failure]?

    private enum CodingKeys: String, CodingKey {
        case successful = "Successful"
        case failed = "Failed"
    }

    /// What became of each of `count` entries, whose ids are their positions.
    ///
    /// An entry that the answer does not name is not done. An id that was never sent means that the answer is not to
    /// be trusted, so that none is.
    func outcomes(count: Int) -> [BatchEntryFailure?] {
        let unnamed = BatchEntryFailure(
            code: "MissingFromAnswer",
            message: "the answer does not account for this entry",
            isSenderFault: false
        )
        let all: [BatchEntryFailure?] = Array(repeating: unnamed, count: count)
        var outcomes = all
        for success in successful ?? [] {
            guard let index = Int(success.id), outcomes.indices.contains(index) else { return all }
            outcomes[index] = nil
        }
        for failure in failed ?? [] {
            guard let index = Int(failure.id), outcomes.indices.contains(index) else { return all }
            outcomes[index] = BatchEntryFailure(
                code: failure.code,
                message: failure.message ?? "",
                isSenderFault: failure.isSenderFault ?? false
            )
        }
        return outcomes
    }
}

struct SendMessageRequest: Encodable {
    let queueURL: String
    let messageBody: String
    let messageAttributes: [String: MessageAttributeValue]?
    let messageGroupID: String?
    let messageDeduplicationID: String?

    private enum CodingKeys: String, CodingKey {
        case queueURL = "QueueUrl"
        case messageBody = "MessageBody"
        case messageAttributes = "MessageAttributes"
        case messageGroupID = "MessageGroupId"
        case messageDeduplicationID = "MessageDeduplicationId"
    }
}

struct SendMessageAnswer: Decodable {
    let messageID: String

    private enum CodingKeys: String, CodingKey {
        case messageID = "MessageId"
    }
}

struct GetQueueAttributesRequest: Encodable {
    let queueURL: String
    private let attributeNames = ["All"]

    init(queueURL: String) {
        self.queueURL = queueURL
    }

    private enum CodingKeys: String, CodingKey {
        case queueURL = "QueueUrl"
        case attributeNames = "AttributeNames"
    }
}

struct GetQueueAttributesAnswer: Decodable {
    let attributes: [String: String]?

    private enum CodingKeys: String, CodingKey {
        case attributes = "Attributes"
    }
}

struct GetQueueURLRequest: Encodable {
    let queueName: String
    let ownerAccountID: String?

    private enum CodingKeys: String, CodingKey {
        case queueName = "QueueName"
        case ownerAccountID = "QueueOwnerAWSAccountId"
    }
}

struct GetQueueURLAnswer: Decodable {
    let queueURL: String

    private enum CodingKeys: String, CodingKey {
        case queueURL = "QueueUrl"
    }
}
