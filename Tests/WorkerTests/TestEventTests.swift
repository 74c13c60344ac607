import AWSClient
import Foundation
import Ledger
import Logging
import TestSupport
import Testing

@testable import Worker

/// A test event goes the whole way and does no harm.
@Suite struct TestEventTests {
    private func event(at time: Date = Date()) -> TestEvent {
        TestEvent(
            eventID: "3f6c1d0e-8a55-4c1b-9c5e-2f1f0a9f6b11",
            queueURL: Name.queueURL,
            region: "eu-west-1",
            at: time
        )
    }

    @Test func `the worker records it as no change of a rule, deletes it, calls EC2 for nothing and tells nobody`()
        async throws
    {
        let pipeline = try Pipeline(standing: [1])
        let event = event(at: pipeline.time.now)
        #expect(try await pipeline.process(pipeline.message(event.body)) == .delete)
        let columns = ["outcome", "reason", "event_name", "region", "account"]
        #expect(
            try columns.map { try pipeline.test.event($0, event.eventID) }
                == ["ignored", "not-a-rule-change", TestEvent.eventName, "eu-west-1", "111122223333"]
        )
        #expect(pipeline.aws.with { $0.calls.isEmpty })
        let notices = try await pipeline.writer.write { try $0.takeNotices(limit: 10, lease: .seconds(60)) }
        #expect(notices.isEmpty)
    }

    @Test(arguments: [false, true])
    func `it is sent as it is; a FIFO queue gets a group and an id`(isFIFO: Bool) async throws {
        let aws = ScriptedAWS(time: VirtualTime())
        let url = Name.queueURL + (isFIFO ? ".fifo" : "")
        let event = event()
        _ = try await event.send(to: url, by: aws.session().sqs(queueURL: url))
        let queued = try #require(aws.with { $0.queues[url] })
        #expect(queued.map(\.body) == [event.body])
        #expect(queued.map { $0.system["MessageDeduplicationId"] } == [isFIFO ? event.eventID : nil])
    }

    @Test func `after the decoding, each log line about a message carries event, account, Region, group and trace`()
        async throws
    {
        let pipeline = try Pipeline(standing: [1])
        let message = SQSMessage(
            messageID: "m1",
            receiptHandle: "m1",
            body: pipeline.record.json,
            systemAttributes: [
                "ApproximateReceiveCount": "1",
                "AWSTraceHeader": "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1",
            ]
        )
        let held = HeldMessage(message, receivedAt: pipeline.time.instant, visibility: .seconds(30))
        #expect(held.metadata == ["message.id": "m1"])
        _ = try await pipeline.pipeline.process(
            held,
            slot: WorkSlot(clock: pipeline.time.clock),
            stop: StopSignal(),
            logger: .silent
        )
        #expect(
            Set(held.metadata.keys)
                == ["message.id", "event.id", "account", "region", "group.id", "trace.id", "span.id"]
        )
        #expect(held.metadata["group.id"] == "\(Name.group)" && held.metadata["region"] == "eu-west-1")
    }
}
