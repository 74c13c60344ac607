import AWSClient
import TestSupport
import Testing

@testable import Worker

/// The calls to the queue and to its dead-letter queue.
@Suite struct WorkQueueTests {
    @Test func `a redrive policy is read with its count as number or text; what cannot be read is none`() {
        for count in ["5", "\"5\""] {
            let policy =
                #"{"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:111122223333:dlq","maxReceiveCount":\#(count)}"#
            let attributes = QueueAttributes(["RedrivePolicy": policy, "VisibilityTimeout": "120"])
            #expect(attributes.maxReceiveCount == 5)
            #expect(attributes.deadLetterTargetARN == "arn:aws:sqs:eu-west-1:111122223333:dlq")
            #expect(attributes.visibilityTimeout == .seconds(120))
        }
        #expect(QueueAttributes(["RedrivePolicy": "x"]).deadLetterTargetARN == nil)
        #expect(QueueAttributes([:]).visibilityTimeout == .seconds(30))
    }

    @Test
    func `the dead-letter queue is the one that is set, else the redrive policy's, else an error says what to do`()
        async throws
    {
        let aws = ScriptedAWS(time: VirtualTime())
        let queue = WorkQueue(sqs: try aws.session().sqs(queueURL: Name.queueURL), url: Name.queueURL)
        _ = try await queue.deadLetterQueue(at: Name.deadLetterURL)
        #expect(aws.with { $0.calls }.isEmpty)
        await #expect(throws: QueueError.self) { _ = try await queue.deadLetterQueue(at: nil) }
        func policy(_ arn: String) -> String { #"{"deadLetterTargetArn":"\#(arn)","maxReceiveCount":3}"# }
        aws.with { $0.attributes["RedrivePolicy"] = policy("nonsense") }
        await #expect(throws: QueueError.self) { _ = try await queue.deadLetterQueue(at: nil) }
        aws.with { $0.attributes["RedrivePolicy"] = policy("arn:aws:sqs:eu-west-1:111122223333:dlq") }
        _ = try await queue.deadLetterQueue(at: nil)
        #expect(aws.count(of: "GetQueueUrl") == 1)
    }

    @Test func `a delete that fails in its batch is tried again, unless the request itself was at fault`() async throws
    {
        let aws = ScriptedAWS(time: VirtualTime())
        let queue = WorkQueue(sqs: try aws.session().sqs(queueURL: Name.queueURL), url: Name.queueURL)
        let message = SQSMessage(messageID: "m", receiptHandle: "m", body: "")
        aws.with { $0.entryFailures["DeleteMessageBatch"] = (2, false) }
        try await queue.delete(message)
        #expect(aws.count(of: "DeleteMessageBatch") == 3)
        aws.with { $0.entryFailures["DeleteMessageBatch"] = (3, false) }
        await #expect(throws: BatchEntryFailure.self) { try await queue.delete(message) }
        aws.with { $0.entryFailures["DeleteMessageBatch"] = (1, true) }
        await #expect(throws: BatchEntryFailure.self) { try await queue.delete(message) }
        #expect(aws.count(of: "DeleteMessageBatch") == 7)
    }

    @Test(arguments: [(-1.0, 0), (0.2, 1), (90_000, 43_200)]
    )
    func `visibility goes in whole seconds, rounded up, from 0 to 12 hours`(seconds: Double, sent: Int) async throws {
        let aws = ScriptedAWS(time: VirtualTime())
        aws.with { $0.queues[Name.queueURL] = [.init(id: "m", body: "")] }
        let queue = WorkQueue(sqs: try aws.session().sqs(queueURL: Name.queueURL), url: Name.queueURL)
        try await queue.setVisibility(
            of: SQSMessage(messageID: "m", receiptHandle: "m", body: ""),
            to: .seconds(seconds)
        )
        #expect(aws.with { $0.visibilities.map(\.seconds) } == [sent])
    }
}
