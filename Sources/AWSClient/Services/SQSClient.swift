import Formats

/// Amazon SQS in its JSON protocol.
///
/// Every call names its queue by URL in the body. The host was chosen when the client was made.
package struct SQSClient: Sendable {
    let client: AWSServiceClient

    /// The endpoint of the calls.
    package var endpoint: HTTPURL { client.endpoint }
    /// The Region for which calls are signed.
    package var region: AWSRegion { client.region }

    /// Waits up to `waitTimeSeconds` (0–20) for up to `maxNumberOfMessages` (1–10) messages, with all their attributes.
    ///
    /// A response that is 10 s late is given up with its connection, as `AWSClientError.isTimeout`. Such a call is not
    /// retried here, because the poller polls again.
    ///
    /// - Parameter visibilityTimeout: Hides the messages for this many seconds (0–43,200). Nil uses the queue's value,
    ///   which may be 0.
    package func receiveMessage(
        queueURL: String,
        maxNumberOfMessages: Int = 10,
        waitTimeSeconds: Int = 20,
        visibilityTimeout: Int? = nil
    ) async throws -> [SQSMessage] {
        let operation = "ReceiveMessage"
        let answer = try await call(
            operation,
            queueURL,
            timeout: .seconds(waitTimeSeconds + 10),
            isLongPoll: true
        ) { request in
            request.member("MaxNumberOfMessages", maxNumberOfMessages)
            request.member("WaitTimeSeconds", waitTimeSeconds)
            request.member("VisibilityTimeout", visibilityTimeout)
            // Attributes include the sender of the message, and its trace.
            request.name("MessageSystemAttributeNames")
            request.array(["All"])
            request.name("MessageAttributeNames")
            request.array(["All"])
        }
        // The response of an empty receive has no `Messages`.
        guard let list = answer["Messages"] else { return [] }
        guard let elements = list.elements else { throw incomplete(operation) }
        return try elements.map { element in
            guard let message = SQSMessage(element) else { throw incomplete(operation) }
            return message
        }
    }

    /// Deletes up to 10 messages.
    ///
    /// - Returns: For each handle nil if its message was deleted, else its error.
    package func deleteMessageBatch(queueURL: String, receiptHandles: [String]) async throws -> [BatchEntryFailure?] {
        try await batch("DeleteMessageBatch", queueURL, receiptHandles.map { ($0, nil) })
    }

    /// Makes up to 10 messages visible again after `seconds`: 0 at once, at most 12 h after they were received.
    ///
    /// - Returns: For each entry nil if it was done, else its error.
    package func changeMessageVisibilityBatch(
        queueURL: String,
        entries: [(receiptHandle: String, seconds: Int)]
    ) async throws -> [BatchEntryFailure?] {
        try await batch("ChangeMessageVisibilityBatch", queueURL, entries.map { ($0.receiptHandle, $0.seconds) })
    }

    /// Sends a message, at most 1 MiB with its attributes (at most 10), and returns its id.
    ///
    /// Not idempotent on a standard queue: if the response is lost, a retry sends the message twice. So a message
    /// should carry an id.
    package func sendMessage(
        queueURL: String,
        body: String,
        attributes: [String: MessageAttributeValue] = [:],
        messageGroupID: String? = nil,
        messageDeduplicationID: String? = nil
    ) async throws -> String {
        let operation = "SendMessage"
        let answer = try await call(operation, queueURL) { request in
            request.member("MessageBody", body)
            if !attributes.isEmpty {
                request.name("MessageAttributes")
                request.object { writer in
                    for (name, value) in attributes.sorted(by: { $0.key < $1.key }) {
                        writer.name(name)
                        value.write(to: &writer)
                    }
                }
            }
            request.member("MessageGroupId", messageGroupID)
            request.member("MessageDeduplicationId", messageDeduplicationID)
        }
        guard let id = answer["MessageId"]?.string else { throw incomplete(operation) }
        return id
    }

    /// All attributes of a queue, by SQS's names, such as `RedrivePolicy` and `ApproximateNumberOfMessages`.
    package func getQueueAttributes(queueURL: String) async throws -> [String: String] {
        let answer = try await call("GetQueueAttributes", queueURL) { request in
            request.name("AttributeNames")
            request.array(["All"])
        }
        return answer["Attributes"]?.strings ?? [:]
    }

    /// The URL of the queue called `name`, in the caller's account or in `ownerAccountID`.
    package func getQueueURL(name: String, ownerAccountID: String? = nil) async throws -> String {
        let operation = "GetQueueUrl"
        let answer = try await call(operation, resource: AWSResource(.queue, name)) { request in
            request.member("QueueName", name)
            request.member("QueueOwnerAWSAccountId", ownerAccountID)
        }
        guard let url = answer["QueueUrl"]?.string else { throw incomplete(operation) }
        return url
    }

    private func batch(
        _ operation: String,
        _ queueURL: String,
        _ entries: [(receiptHandle: String, seconds: Int?)]
    ) async throws -> [BatchEntryFailure?] {
        guard !entries.isEmpty else { return [] }
        let answer = try await call(operation, queueURL) { request in
            request.name("Entries")
            request.array { writer in
                for (index, entry) in entries.enumerated() {
                    writer.object { writer in
                        writer.member("Id", String(index))
                        writer.member("ReceiptHandle", entry.receiptHandle)
                        writer.member("VisibilityTimeout", entry.seconds)
                    }
                }
            }
        }
        return BatchAnswer(json: answer).outcomes(count: entries.count)
    }

    private func incomplete(_ operation: String) -> AWSClientError {
        client.unreadable(operation, "the JSON lacks what the operation answers with or is cut off")
    }

    func call(
        _ operation: String,
        _ queueURL: String,
        timeout: Duration = .seconds(10),
        isLongPoll: Bool = false,
        _ addMembers: (inout JSONWriter) -> Void
    ) async throws -> JSONTree {
        let queue = AWSResource(.queue, queueURL)
        return try await call(operation, resource: queue, timeout: timeout, isLongPoll: isLongPoll) { request in
            request.member("QueueUrl", queueURL)
            addMembers(&request)
        }
    }

    private func call(
        _ operation: String,
        resource: AWSResource,
        timeout: Duration = .seconds(10),
        isLongPoll: Bool = false,
        _ addMembers: (inout JSONWriter) -> Void
    ) async throws -> JSONTree {
        try await client.json(
            AWSServiceClient.Call(
                operation: operation,
                headers: [
                    "Content-Type": "application/x-amz-json-1.0",
                    "X-Amz-Target": "AmazonSQS.\(operation)",
                    // Asks for the legacy error codes, too, which older tools and emulators know.
                    "x-amzn-query-mode": "true",
                ],
                body: JSONWriter.object(addMembers),
                resource: resource,
                timeout: timeout,
                isLongPoll: isLongPoll
            )
        )
    }
}
