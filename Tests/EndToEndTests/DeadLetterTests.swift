import AWSClient
import Testing

extension EndToEnd {
    @Suite(.serialized) struct DeadLetterTests {
        /// The text of an attribute of a message.
        private func text(_ name: String, of message: SQSMessage) -> String? {
            message.messageAttributes[name]?.stringValue
        }

        @Test(arguments: [
            ("not JSON at all {\"", "not-json"), ("\u{FEFF}", "not-json"), ("[1, 2]  ", "undecodable"),
            ("{\"detail\": {\"eventName\": \"AuthorizeSecurityGroupIngress\",   \"x\": \"é\\u00e9\"}}", "no-event-id"),
        ])
        func `a message without an event goes to the dead-letter queue as it is`(
            body: String,
            reason: String
        ) async throws {
            let world = try await World()
            try await world.send(body: body, attributes: ["Sender": .string("somebody")])
            try await world.work()
            let letters = try await world.aws.drain(world.deadLetters)
            let letter = try #require(letters.first)
            #expect(letters.count == 1)
            #expect(Array(letter.body.utf8) == Array(body.utf8))
            #expect(text("Sender", of: letter) == "somebody")
            #expect(text("SgRevertReason", of: letter) == reason)
            #expect(text("SgRevertError", of: letter)?.isEmpty == false)
            #expect(text("SgRevertFailedAt", of: letter)?.hasSuffix("Z") == true)
            #expect(text("SgRevertWorker", of: letter)?.contains(":") == true)
            #expect(text("SgRevertEventId", of: letter) == nil)
            #expect(try await world.aws.count(world.queue) == 0)
            #expect(try await world.events().isEmpty)
        }

        /// What is done to the record of an added rule so that it can never succeed.
        struct Damage: Sendable, CustomTestStringConvertible {
            let testDescription: String
            let reason: String
            let apply: @Sendable (inout JSON) -> Void
        }

        @Test(arguments: [
            Damage(testDescription: "a shape that cannot be read", reason: "undecodable") {
                $0["responseElements"]["securityGroupRuleSet"] = ["items": [["isEgress": "neither"]]]
                $0["requestParameters"]["groupId"] = nil
            },
            Damage(testDescription: "a successful call that names no rule", reason: "undecodable") {
                $0["responseElements"] = nil
                $0["requestParameters"]["ipPermissions"] = [:]
                $0["requestParameters"]["groupId"] = nil
            },
            Damage(testDescription: "a Region that is a host", reason: "impossible") {
                $0["awsRegion"] = "us-east-1.example.com/?"
            },
            Damage(testDescription: "an account that cannot exist", reason: "impossible") {
                $0["recipientAccountId"] = "12345"
            },
            Damage(testDescription: "a rule id that cannot exist", reason: "impossible") {
                var rule = $0["responseElements"]["securityGroupRuleSet"]["items"].items.first ?? nil
                rule["securityGroupRuleId"] = "sgr-0a1b2c3d\u{0}"
                $0["responseElements"]["securityGroupRuleSet"] = ["items": .array([rule])]
            },
        ])
        func `an event that can never succeed is dead-lettered and recorded`(_ damage: Damage) async throws {
            let world = try await World()
            var record = try await world.authorize(.ssh)
            let standing = try await world.ingress()
            damage.apply(&record)
            let body = try CloudTrailRecord.envelope(record).encoded
            try await world.send(body: body, attributes: ["Sender": .string("somebody")])
            try await world.work()
            let letters = try await world.aws.drain(world.deadLetters)
            let letter = try #require(letters.first)
            #expect(letters.count == 1 && letter.body == body)
            #expect(text("Sender", of: letter) == "somebody")
            #expect(text("SgRevertReason", of: letter) == damage.reason)
            #expect(text("SgRevertEventId", of: letter) == record["eventID"].string)
            let row = try await world.row(of: record)
            #expect(row["outcome"] == "dead-lettered" && row["reason"] == .text(damage.reason))
            #expect(row["error_message"].string == text("SgRevertError", of: letter))
            #expect(try await world.ingress() == standing && standing.count == 1)
            #expect(try await world.aws.count(world.queue) == 0)
        }

        @Test func `an event that keeps failing is given up on the last receive that the queue allows`() async throws {
            let world = try await World()
            // EC2 refuses this one change, which says nothing about others.
            let proxy = try FaultProxy()
            try await proxy.inflict([
                "kind": "error", "status": 403, "code": "UnauthorizedOperation", "action": "RevokeSecurityGroupIngress",
            ])
            let record = try await world.authorize(.ssh)
            let body = try await world.send(record)
            let result = try await world.run(["worker"] + World.quick, environment: proxy.environment)
            #expect(result.exitCode == 0, "\(result.errors)")
            let row = try await world.row(of: record)
            #expect(row["outcome"] == "dead-lettered" && row["reason"] == "gave-up" && row["attempts"] == 3)
            #expect(row["error_message"].string?.contains("UnauthorizedOperation") == true)
            let letters = try await world.aws.drain(world.deadLetters)
            #expect(letters.map(\.body) == [body])
            #expect(letters.map { text("SgRevertReason", of: $0) } == ["gave-up"])
            let told = try await world.notifications().map(\.["MessageAttributes"]["outcome"]["Value"])
            #expect(Set(told) == ["failed", "dead-lettered"] && told.count == 2)
            #expect(try await world.aws.count(world.queue) == 0)
        }

        @Test func `one bad message among good ones stops nothing`() async throws {
            let world = try await World()
            let record = try await world.authorize(.ssh)
            try await world.send(body: "garbage")
            try await world.send(record)
            try await world.send(body: "{}")
            try await world.work()
            #expect(try await world.ingress().isEmpty)
            #expect(try await world.row(of: record)["outcome"] == "reverted")
            #expect(try await world.aws.count(world.deadLetters) == 2)
        }
    }
}
