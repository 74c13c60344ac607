/// Amazon SQS in its JSON protocol.
///
/// Every call names its queue by URL in the body; the host that is spoken to was decided when the client was made.
package struct SQSClient: Sendable {
    let client: AWSServiceClient

    /// Where calls go.
    package var endpoint: HTTPURL { client.endpoint }
    /// The Region that they are signed for.
    package var region: AWSRegion { client.region }

    /// Waits up to `waitTimeSeconds` (0–20) for up to `maxNumberOfMessages` (1–10) messages, with all their attributes.
    ///
    /// An answer that is 10 s late is given up with its connection, as `AWSClientError.isTimeout`; such a call is not
    /// retried here, since the poller polls again anyway.
    ///
    /// - Parameter visibilityTimeout: hides the messages for so many seconds (0–43,200). Nil leaves it to the queue,
    ///   whose value may be 0.
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
            // Also who sent the message, and its trace.
            request.name("MessageSystemAttributeNames")
            request.array(["All"])
            request.name("MessageAttributeNames")
            request.array(["All"])
        }
        // An empty receive has no `Messages` at all.
        guard let list = answer["Messages"] else { return [] }
        guard let elements = list.elements else { throw incomplete(operation) }
        return try elements.map { element in
            guard let message = SQSMessage(element) else { throw incomplete(operation) }
            return message
        }
    }

    /// Deletes up to 10 messages.
    ///
    /// - Returns: for each handle nil if its message is deleted, else why it is not.
    package func deleteMessageBatch(queueURL: String, receiptHandles: [String]) async throws -> [BatchEntryFailure?] {
        try await batch("DeleteMessageBatch", queueURL, receiptHandles.map { ($0, nil) })
    }

    /// Makes up to 10 messages visible again `seconds` from now: 0 at once, at most 12 h after they were received.
    ///
    /// - Returns: for each entry nil if it is done, else why it is not.
    package func changeMessageVisibilityBatch(
        queueURL: String,
        entries: [(receiptHandle: String, seconds: Int)]
    ) async throws -> [BatchEntryFailure?] {
        try await batch("ChangeMessageVisibilityBatch", queueURL, entries.map { ($0.receiptHandle, $0.seconds) })
    }

    /// Sends a message, at most 1 MiB with its attributes (at most 10), and answers with its id.
    ///
    /// Not idempotent on a standard queue: an answer that was lost and retried sends twice, so a message carries an id
    /// of its own.
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

    /// All attributes of a queue by SQS's names, such as `RedrivePolicy` and `ApproximateNumberOfMessages`.
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
                    // Asks for the legacy error codes too, which older tools and emulators know.
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
