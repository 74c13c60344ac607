import Foundation

/// Amazon SQS in its JSON protocol.
///
/// Every call names its queue by URL in the body; the host that is spoken to was decided when the client was made.
package struct SQSClient: Sendable {
    let client: AWSServiceClient

    /// Where calls go.
    package var endpoint: HTTPURL { client.endpoint }
    /// The Region that they are signed for.
    package var region: AWSRegion { client.region }

    /// Waits up to `waitTimeSeconds` (0–20) for up to `maxNumberOfMessages` (1–10) messages, and hides them for
    /// `visibilityTimeout` seconds, or for as long as the queue says.
    ///
    /// An answer that is 10 s late is given up with its connection, as `AWSClientError.isTimeout`; such a call is not
    /// retried here, since the poller polls again anyway.
    package func receiveMessage(
        queueURL: String,
        maxNumberOfMessages: Int = 10,
        waitTimeSeconds: Int = 20,
        visibilityTimeout: Int? = nil
    ) async throws -> [SQSMessage] {
        let answer: ReceiveMessageAnswer = try await call(
            "ReceiveMessage",
            ReceiveMessageRequest(
                queueURL: queueURL,
                maxNumberOfMessages: maxNumberOfMessages,
                waitTimeSeconds: waitTimeSeconds,
                visibilityTimeout: visibilityTimeout
            ),
            timeout: .seconds(waitTimeSeconds + 10),
            isLongPoll: true
        )
        return answer.messages ?? []
    }

    /// Deletes up to 10 messages.
    ///
    /// - Returns: for each handle nil if its message is deleted, else why it is not.
    package func deleteMessageBatch(queueURL: String, receiptHandles: [String]) async throws -> [BatchEntryFailure?] {
        try await batch("DeleteMessageBatch", queueURL, receiptHandles.map { .init(receiptHandle: $0) })
    }

    /// Makes up to 10 messages visible again `seconds` from now: 0 at once, at most 12 h after they were received.
    ///
    /// - Returns: for each entry nil if it is done, else why it is not.
    package func changeMessageVisibilityBatch(
        queueURL: String,
        entries: [(receiptHandle: String, seconds: Int)]
    ) async throws -> [BatchEntryFailure?] {
        try await batch(
            "ChangeMessageVisibilityBatch",
            queueURL,
            entries.map { .init(receiptHandle: $0.receiptHandle, visibilityTimeout: $0.seconds) }
        )
    }

    /// Sends a message, at most 1 MiB with its attributes (at most 10), and answers with its id.
    ///
    /// Not idempotent on a standard queue: an answer that was lost and retried sends twice.
    package func sendMessage(
        queueURL: String,
        body: String,
        attributes: [String: MessageAttributeValue] = [:],
        messageGroupID: String? = nil,
        messageDeduplicationID: String? = nil
    ) async throws -> String {
        let answer: SendMessageAnswer = try await call(
            "SendMessage",
            SendMessageRequest(
                queueURL: queueURL,
                messageBody: body,
                messageAttributes: attributes.isEmpty ? nil : attributes,
                messageGroupID: messageGroupID,
                messageDeduplicationID: messageDeduplicationID
            )
        )
        return answer.messageID
    }

    /// All attributes of a queue by SQS's names, such as `RedrivePolicy` and `ApproximateNumberOfMessages`.
    package func getQueueAttributes(queueURL: String) async throws -> [String: String] {
        let answer: GetQueueAttributesAnswer = try await call(
            "GetQueueAttributes",
            GetQueueAttributesRequest(queueURL: queueURL)
        )
        return answer.attributes ?? [:]
    }

    /// The URL of the queue called `name`, in the caller's account or in `ownerAccountID`.
    package func getQueueURL(name: String, ownerAccountID: String? = nil) async throws -> String {
        let answer: GetQueueURLAnswer = try await call(
            "GetQueueUrl",
            GetQueueURLRequest(queueName: name, ownerAccountID: ownerAccountID)
        )
        return answer.queueURL
    }

    private func batch(
        _ operation: String,
        _ queueURL: String,
        _ entries: [BatchRequest.Entry]
    ) async throws -> [BatchEntryFailure?] {
        guard !entries.isEmpty else { return [] }
        let numbered = entries.enumerated().map { index, entry in
            var entry = entry
            entry.id = String(index)
            return entry
        }
        let answer: BatchAnswer = try await call(operation, BatchRequest(queueURL: queueURL, entries: numbered))
        return answer.outcomes(count: entries.count)
    }

    private func call<Answer: Decodable>(
        _ operation: String,
        _ request: some Encodable,
        timeout: Duration = .seconds(10),
        isLongPoll: Bool = false
    ) async throws -> Answer {
        let response = try await client.send(
            AWSServiceClient.Call(
                operation: operation,
                headers: [
                    "Content-Type": "application/x-amz-json-1.0",
                    "X-Amz-Target": "AmazonSQS.\(operation)",
                    // Asks for the legacy error codes too, which older tools and emulators know.
                    "x-amzn-query-mode": "true",
                ],
                body: Array(try JSONEncoder().encode(request)),
                timeout: timeout,
                isLongPoll: isLongPoll
            )
        )
        do {
            return try JSONDecoder().decode(
                Answer.self,
                from: Data(response.body.isEmpty ? Array("{}".utf8) : response.body)
            )
        } catch {
            throw client.unreadable(operation, "the JSON lacks what the operation answers with or is cut off")
        }
    }
}
