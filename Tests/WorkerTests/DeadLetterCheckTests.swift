import AWSClient
import Foundation
import TestSupport
import Testing

@testable import Worker

/// The setting for the dead-letter queue is checked before anything is sent there.
@Suite struct DeadLetterCheckTests {
    private let aws = ScriptedAWS(time: VirtualTime())

    @Test(arguments: [
        (Name.queueURL, "it is the queue itself"), (Name.queueURL + "/", "it is the queue itself"),
        ("https://sqs.eu-central-1.amazonaws.com/111122223333/dlq", "the same host and Region"),
        ("http://localhost:4566/111122223333/dlq", "the same host and Region"),
        ("https://example.com/111122223333/dlq", "the queue URL"),
    ]
    )
    func `the queue itself, another Region and another host are refused, with the setting's name`(
        url: String,
        reason: String
    ) throws {
        let session = try aws.session()
        #expect {
            try DeadLetterQueue.check(url, beside: Name.queueURL, session: session)
        } throws: { error in
            (error as? AWSClientError)?.isConfiguration == true && "\(error)".contains(reason)
        }
    }

    @Test func `a queue beside the queue is taken`() throws {
        try DeadLetterQueue.check(Name.deadLetterURL, beside: Name.queueURL, session: aws.session())
    }

    @Test func `a queue that does not exist is an error that names it; one that may not be asked for is a warning`()
        async throws
    {
        let queue = DeadLetterQueue(sqs: try aws.session().sqs(queueURL: Name.queueURL), url: Name.deadLetterURL)
        #expect(try await queue.check() == [])
        aws.with { $0.refusals["GetQueueAttributes"] = [.sqsError("QueueDoesNotExist")] }
        await #expect {
            _ = try await queue.check()
        } throws: { error in
            "\(error)".hasPrefix("queue \(Name.deadLetterURL) does not exist: check --dead-letter-queue-url")
        }
        aws.with { $0.refusals["GetQueueAttributes"] = [.sqsError("AccessDenied", status: 403)] }
        #expect(try await queue.check().first?.contains("allow sqs:GetQueueAttributes") == true)
    }

    @Test func `a queue with a redrive policy of its own is warned of, and not read`() async throws {
        let queue = DeadLetterQueue(sqs: try aws.session().sqs(queueURL: Name.queueURL), url: Name.deadLetterURL)
        try await queue.checkReading()
        aws.with {
            $0.attributes["RedrivePolicy"] =
                #"{"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:111122223333:last","maxReceiveCount":"3"}"#
        }
        #expect(try await queue.check().first?.contains("a redrive policy of its own") == true)
        await #expect {
            try await queue.checkReading()
        } throws: { error in
            let line = "\(error)"
            return line.contains("after 3 receives") && line.contains("arn:aws:sqs:eu-west-1:111122223333:last")
        }
    }
}
