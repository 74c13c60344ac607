import AWSClient
import Foundation
import TestSupport

extension ScriptedAWS {
    /// SQS's JSON protocol.
    static func sqs(_ action: String, _ body: [UInt8], _ now: Date, _ world: inout World) -> HTTPResponse {
        guard let request = SQSRequest(body) else {
            return .sqsError("InvalidRequest")
        }
        let url = request.queueURL ?? ""
        switch action {
        case "ReceiveMessage": return receive(request, url, now, &world)
        case "DeleteMessageBatch", "ChangeMessageVisibilityBatch": return batch(action, request, url, now, &world)
        case "SendMessage":
            let id = "sent-\(world.nextID)"
            world.nextID += 1
            var system = ["SentTimestamp": "\(Int(now.timeIntervalSince1970 * 1000))"]
            system["MessageGroupId"] = request.groupID
            system["MessageDeduplicationId"] = request.deduplicationID
            let message = Queued(
                id: id,
                body: request.body ?? "",
                attributes: request.attributes ?? [:],
                system: system
            )
            world.queues[url, default: []].append(message)
            return .text(#"{"MessageId":"\#(id)"}"#)
        case "GetQueueAttributes": return json(["Attributes": world.attributes])
        case "GetQueueUrl": return json(["QueueUrl": "https://sqs.eu-west-1.amazonaws.com/111122223333/dlq"])
        default: return .sqsError("InvalidAction")
        }
    }

    private static func receive(
        _ request: SQSRequest,
        _ url: String,
        _ now: Date,
        _ world: inout World
    ) -> HTTPResponse {
        var received: [SQSReceivedMessage] = []
        // While a message of a group is in flight, a FIFO queue hands out no more of it.
        let busy = Set(
            (world.queues[url] ?? []).filter { $0.visibleAt > now }.compactMap { $0.system["MessageGroupId"] }
        )
        for index in (world.queues[url] ?? []).indices where received.count < request.maximum ?? 1 {
            guard var message = world.queues[url]?[index], message.visibleAt <= now,
                message.system["MessageGroupId"].map({ !busy.contains($0) }) ?? true
            else { continue }
            message.receives += 1
            message.visibleAt = now.addingTimeInterval(Double(request.visibility ?? 30))
            world.queues[url]?[index] = message
            received.append(
                SQSReceivedMessage(
                    id: message.id,
                    receiptHandle: message.id,
                    body: message.body,
                    system: message.system.merging(["ApproximateReceiveCount": "\(message.receives)"]) { $1 },
                    attributes: message.attributes
                )
            )
        }
        return received.isEmpty ? .text("{}") : json(["Messages": received])
    }

    private static func batch(
        _ action: String,
        _ request: SQSRequest,
        _ url: String,
        _ now: Date,
        _ world: inout World
    ) -> HTTPResponse {
        var successful: [SQSEntry] = []
        var failed: [SQSEntry] = []
        for var entry in request.entries ?? [] {
            if let failure = world.entryFailures[action], failure.count > 0 {
                world.entryFailures[action] = (failure.count - 1, failure.isSenderFault)
                entry.code = "Broken"
                entry.isSenderFault = failure.isSenderFault
                failed.append(entry)
                continue
            }
            if action == "DeleteMessageBatch" {
                world.queues[url]?.removeAll { $0.id == entry.receiptHandle }
            } else if let index = world.queues[url]?.firstIndex(where: { $0.id == entry.receiptHandle }) {
                let seconds = entry.visibility ?? 0
                world.queues[url]?[index].visibleAt = now.addingTimeInterval(Double(seconds))
                world.visibilities.append((entry.receiptHandle ?? "", seconds))
            }
            successful.append(entry)
        }
        return json(["Successful": successful, "Failed": failed])
    }

    private static func json(_ value: some Encodable) -> HTTPResponse {
        HTTPResponse(status: 200, body: (try? Array(JSONEncoder().encode(value))) ?? [])
    }
}
