import AWSClient
import Foundation
import Testing

extension EndToEnd {
    @Suite(.serialized) struct ChannelTests {
        @Test func `a policy that names another topic is followed without a restart`() async throws {
            let world = try await World()
            let inbox = try await world.aws.createQueue("other-\(UUID().uuidString.lowercased())")
            let other = try await world.aws.createTopic(
                "other-\(UUID().uuidString.lowercased())",
                inbox: world.aws.arn(ofQueue: inbox)
            )
            let file = world.folder.appendingPathComponent("topics.yaml")
            func write(topic: String) throws {
                try "version: 1\nwatch: [{ groups: [\(world.group)] }]\nnotify: { topic_arn: \"\(topic)\" }\n"
                    .write(to: file, atomically: true, encoding: .utf8)
            }
            try write(topic: world.topic)
            let worker = try world.start(
                ["worker", "--wait-seconds", "1", "--policy", file.path],
                environment: ["SG_REVERT_GROUPS": "", "SG_REVERT_TOPIC_ARN": ""]
            )
            let first = try await world.authorize(.ssh)
            try await world.send(first)
            try await eventually("the first topic is told") { try await !world.notifications().isEmpty }

            try write(topic: other)
            worker.hangUp()
            try await eventually("the policy is read again") { worker.errors.contains("told from now on") }
            // Another group, or the notice would wait for the end of the minute.
            let group = try await world.aws.createGroup()
            try "version: 1\nwatch: [{ groups: [\(world.group), \(group)] }]\nnotify: { topic_arn: \"\(other)\" }\n"
                .write(to: file, atomically: true, encoding: .utf8)
            worker.hangUp()
            try await eventually("the watch has both groups") {
                worker.errors.matches(of: /policy reloaded/).count >= 2
            }
            let second = try await world.authorize(.ssh, in: group)
            try await world.send(second)
            let told = try await eventually("the other topic is told") {
                try await world.aws.drain(inbox).first.map { try JSON(parsing: $0.body) }
            }
            #expect(told["MessageAttributes"]["event_id"]["Value"] == second["eventID"])
            #expect(told["MessageAttributes"]["outcome"]["Value"] == "reverted")
            #expect(told["MessageAttributes"]["group_id"]["Value"].string == group)
            #expect(told["MessageAttributes"]["account"]["Value"] == second["recipientAccountId"])
            #expect(told["MessageAttributes"]["region"]["Value"] == second["awsRegion"])
            #expect(try await world.notifications().isEmpty, "the first topic is told no more")
            worker.terminate()
            #expect(try await worker.end().exitCode == 0)
        }

        @Test func `a webhook that nobody answers holds up neither the topic nor the end, and is not shown whole`()
            async throws
        {
            let world = try await World()
            try await world.send(try await world.authorize(.ssh))
            let url = "https://127.0.0.1:9/services/SECRETPATH?token=SECRETQUERY"
            let flags = ["--webhook-url", url, "--log-level", "debug"]
            let result = try await world.run(["worker"] + World.quick + flags)
            #expect(result.exitCode == 0, "\(result.errors)")
            #expect(try await world.notifications().count == 1)
            #expect(result.errors.contains("https://127.0.0.1:9/…") && !result.errors.contains("SECRET"))
            let doctor = try await world.run([
                "doctor", "--format", "json", "--webhook-url", url, "--event-bus", "default",
            ])
            #expect(doctor.exitCode == 2 && !(doctor.output + doctor.errors).contains("SECRET"))
            let rows = try JSON(parsing: doctor.output).items
            let status = { (check: String) in rows.first { $0["check"].string == check }?["status"].string }
            #expect(status("webhook") == "problem" && status("topic") == "ok")
            #expect(status("event-bus") == "ok" && status("events:PutEvents") == "ok", "\(doctor.output)")
        }

        @Test func `an event bus that does not exist is a problem, and a topic with an order is refused`() async throws
        {
            let world = try await World()
            let missing = try await world.run(["doctor", "--format", "json", "--event-bus", "nowhere"])
            #expect(missing.exitCode == 2 && missing.errors.contains("event-bus"), "\(missing.errors)")
            let fifo = "arn:aws:sns:us-east-1:123456789012:topic.fifo"
            let worker = try await world.run(["worker", "--topic-arn", fifo] + World.quick)
            #expect(worker.exitCode == 64 && worker.errors.contains("standard SNS topic"))
        }
    }
}
