import Formats

extension SQSClient {
    /// Checks whether messages may be received, with a number of messages that SQS refuses, so that none is received.
    package func probeReceive(queueURL: String) async -> ProbeAnswer {
        await ProbeAnswer.of(expecting: [
            "InvalidParameterValue", "ReadCountOutOfRange", "AWS.SimpleQueueService.ReadCountOutOfRange",
            "InvalidParameterValueException",
        ]) {
            _ = try await call("ReceiveMessage", queueURL) { $0.member("MaxNumberOfMessages", 0) }
        }
    }

    /// Checks whether messages may be deleted, with a receipt handle that belongs to no message.
    package func probeDelete(queueURL: String) async -> ProbeAnswer {
        await ProbeAnswer.of(expecting: Self.badHandle) {
            try refused(await deleteMessageBatch(queueURL: queueURL, receiptHandles: ["sg-revert-doctor"]))
        }
    }

    /// Checks whether the visibility of messages may be changed, with a receipt handle that belongs to no message.
    package func probeChangeVisibility(queueURL: String) async -> ProbeAnswer {
        await ProbeAnswer.of(expecting: Self.badHandle) {
            let entries = [(receiptHandle: "sg-revert-doctor", seconds: 0)]
            try refused(await changeMessageVisibilityBatch(queueURL: queueURL, entries: entries))
        }
    }

    /// Checks whether messages may be sent, with an empty batch.
    package func probeSend(queueURL: String) async -> ProbeAnswer {
        await ProbeAnswer.of(expecting: [
            "EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest", "MissingParameter",
        ]) {
            _ = try await call("SendMessageBatch", queueURL) { request in
                request.name("Entries")
                request.array { _ in }
            }
        }
    }

    /// Throws the error of an entry: a batch may be accepted although its entries are refused.
    private func refused(_ outcomes: [BatchEntryFailure?]) throws {
        guard let failure = outcomes[0] else { return }
        throw AWSServiceError(
            service: "sqs",
            operation: "batch",
            code: failure.code,
            message: failure.message,
            statusCode: 200
        )
    }

    private static let badHandle: Set = [
        "ReceiptHandleIsInvalid", "InvalidParameterValue", "InvalidParameterValueException",
    ]
}
