import AWSClient
import TestSupport

extension SimulatedAWS {
    /// SQS, but for the long poll.
    static func sqs(_ call: SimulatedCall, _ world: inout World, _ now: Duration) -> HTTPResponse {
        switch call.action {
        case "GetQueueAttributes": attributes(call, world)
        case "GetQueueUrl": .json(["QueueUrl": deadLetterURL])
        case "SendMessage": send(call, &world, now)
        case "DeleteMessageBatch", "ChangeMessageVisibilityBatch": batch(call, &world, now)
        default: .text(#"{"__type":"com.amazonaws.sqs#InvalidAction","message":"\#(call.action)"}"#, status: 400)
        }
    }

    private static func attributes(_ call: SimulatedCall, _ world: World) -> HTTPResponse {
        let isDeadLetterQueue = call.json.queueURL == deadLetterURL
        let name = isDeadLetterQueue ? "dead-letters" : "changes"
        var attributes = [
            "VisibilityTimeout": "30", "QueueArn": "arn:aws:sqs:eu-west-1:\(SimulatedRecord.account):\(name)",
            "ApproximateNumberOfMessages": "0",
        ]
        if !isDeadLetterQueue {
            attributes["RedrivePolicy"] =
                #"{"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:\#(SimulatedRecord.account):dead-letters","#
                + #""maxReceiveCount":\#(world.queue.maxReceiveCount)}"#
        }
        return .json(["Attributes": attributes])
    }

    private static func send(_ call: SimulatedCall, _ world: inout World, _ now: Duration) -> HTTPResponse {
        let id = "sent-\(world.requestID())"
        guard call.json.queueURL == deadLetterURL else { return .failure("AccessDenied", status: 403) }
        world.deadLetters.send(
            call.json.body ?? "",
            attributes: call.json.attributes ?? [:],
            messageID: id,
            eventID: nil,
            visibleAt: now
        )
        return .json(["MessageId": id])
    }

    private static func batch(_ call: SimulatedCall, _ world: inout World, _ now: Duration) -> HTTPResponse {
        for entry in call.json.entries ?? [] {
            if call.action == "DeleteMessageBatch" {
                world.queue.delete(entry.receiptHandle ?? "", now: now, using: &world.generator)
            } else {
                world.queue.setVisibility(entry.receiptHandle ?? "", to: .seconds(entry.visibility ?? 0), now: now)
            }
        }
        let done = (call.json.entries ?? []).map { ["Id": $0.id] }
        return .json(["Successful": done, "Failed": []])
    }
}
