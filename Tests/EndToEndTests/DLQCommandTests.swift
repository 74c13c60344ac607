import AWSClient
import Foundation
import Testing

extension EndToEnd {
    @Suite(.serialized) struct DLQCommandTests {
        private static let columns = [
            "message_id", "event_id", "reason", "error_message", "event_name", "account", "region", "group_id",
            "actor_arn", "event_time", "sent_at", "failed_at", "receives", "replays", "worker",
        ]

        /// A world whose dead-letter queue holds an event of a Region that cannot exist, and a message without event.
        private func worldWithLetters() async throws -> (World, JSON) {
            let world = try await World()
            var record = try await world.authorize(.ssh)
            record["awsRegion"] = "atlantis-1"
            try await world.send(record)
            try await world.send(body: "garbage\u{1B}[31m")
            try await world.work()
            return (world, record)
        }

        @Test func `dlq list shows each message in every format, and leaves it there`() async throws {
            let (world, record) = try await worldWithLetters()
            func list(_ arguments: String...) async throws -> Program.Result {
                let result = try await world.run(["dlq", "list"] + arguments)
                #expect(result.exitCode == 0, "\(result.errors)")
                return result
            }
            let array = try JSON(parsing: try await list("--format", "json").output).items
            #expect(array.map(\.keys) == [Set(Self.columns), Set(Self.columns)])
            let letter = try #require(array.first { $0["reason"] == "impossible" })
            #expect(letter["event_id"] == record["eventID"] && letter["group_id"] == .text(world.group))
            #expect(letter["region"] == "atlantis-1" && letter["replays"] == 0)

            let lines = try await list("--format", "jsonl").output.split(separator: "\n")
            #expect(
                Set(try lines.map { try JSON(parsing: String($0))["message_id"] }) == Set(array.map(\.["message_id"]))
            )
            let csv = try await list("--format", "csv").output.components(separatedBy: "\r\n")
            #expect(csv.first == Self.columns.joined(separator: ",") && csv.count == 4 && csv.last == "")
            let table = try await list().output
            #expect(table.contains("impossible") && table.contains("not-json") && !table.contains("\u{1B}"))

            #expect(
                try await list("--reason", "not-json", "--format", "jsonl").output.split(separator: "\n").count == 1
            )
            let one = try await list("--event-id", record["eventID"].string ?? "", "--format", "jsonl").output
            #expect(try JSON(parsing: one)["event_id"] == record["eventID"])
            #expect(
                try await list("--group", world.group, "--format", "jsonl").output.split(separator: "\n").count == 1
            )
            #expect(try await list("--limit", "1", "--format", "jsonl").output.split(separator: "\n").count == 1)
            #expect(try await list("--older-than", "1h", "--format", "json").output == "[]\n")
            #expect(try await list("--newer-than", "1h", "--format", "jsonl").output.split(separator: "\n").count == 2)
            #expect(try await world.aws.drain(world.deadLetters).count == 2, "visible again at once")
        }

        @Test func `dlq replay with --dry-run moves nothing, and a filter moves what it means`() async throws {
            let (world, record) = try await worldWithLetters()
            let dry = try await world.run(["dlq", "replay", "--dry-run", "--format", "json"])
            #expect(dry.exitCode == 0 && dry.errorLines.last == "sg-revert: would replay 2")
            #expect(try JSON(parsing: dry.output).items.count == 2)
            #expect(try await world.aws.count(world.deadLetters) == 2)
            #expect(try await world.aws.count(world.queue) == 0)

            let real = try await world.run(["dlq", "replay", "--reason", "impossible"])
            #expect(real.exitCode == 0 && real.errorLines.last == "sg-revert: replayed 1")
            let queued = try await world.aws.drain(world.queue)
            let message = try #require(queued.first)
            #expect(queued.count == 1)
            #expect(message.messageAttributes.mapValues(\.stringValue) == ["SgRevertReplayCount": "1"])
            #expect(try JSON(parsing: message.body)["detail"] == record)
            #expect(try await world.aws.drain(world.deadLetters).map(\.body) == ["garbage\u{1B}[31m"])
        }

        @Test func `an event that is still impossible is dead-lettered again, and its row counts the runs`()
            async throws
        {
            let (world, record) = try await worldWithLetters()
            let eventID = record["eventID"].string ?? ""
            for replays in 1...2 {
                #expect(try await world.run(["dlq", "replay", "--event-id", eventID]).exitCode == 0)
                try await world.work()
                let row = try await world.row(of: record)
                #expect(row["outcome"] == "dead-lettered" && row["attempts"] == .number(replays + 1))
                let result = try await world.run(["dlq", "list", "--event-id", eventID, "--format", "json"])
                let letters = try JSON(parsing: result.output).items
                #expect(letters.map(\.["replays"]) == [.number(replays)])
                #expect(letters.map(\.["reason"]) == ["impossible"])
            }
        }

        @Test func `a good event that SQS itself gave up on is replayed and reverted`() async throws {
            let world = try await World()
            let record = try await world.authorize(.ssh)
            let body = try CloudTrailRecord.envelope(record).encoded
            try await world.send(body: body, attributes: ["Sender": .string("somebody")], to: world.deadLetters)
            #expect(try await world.run(["dlq", "replay", "--group", world.group]).exitCode == 0)
            try await world.work()
            #expect(try await world.ingress().isEmpty)
            #expect(try await world.row(of: record)["outcome"] == "reverted")
            #expect(try await world.isQuiet)
        }

        @Test func `dlq show prints one whole, by the id of its event or of its message`() async throws {
            let (world, record) = try await worldWithLetters()
            let eventID = try #require(record["eventID"].string)
            let shown = try await world.run(["dlq", "show", eventID, "--format", "json"])
            #expect(shown.exitCode == 0, "\(shown.errors)")
            let letter = try JSON(parsing: shown.output)
            #expect(letter["event_id"] == .text(eventID) && letter["SgRevertReason"] == "impossible")
            #expect(try JSON(parsing: letter["body"].string ?? "")["detail"] == record)

            let garbage = try await world.run(["dlq", "list", "--reason", "not-json", "--format", "json"])
            let messageID = try #require(try JSON(parsing: garbage.output).items.first?["message_id"].string)
            let table = try await world.run(["dlq", "show", messageID]).output
            #expect(table.contains("body") && table.contains("garbage") && !table.contains("\u{1B}"))

            let missing = try await world.run(["dlq", "show", "nobody"])
            #expect(missing.exitCode == 1 && missing.errors.contains("no dead letter has nobody"))
            #expect(try await world.aws.drain(world.deadLetters).count == 2)
        }

        @Test func `dlq discard deletes nothing until --yes, and then what the filter means`() async throws {
            let (world, _) = try await worldWithLetters()
            let dry = try await world.run(["dlq", "discard", "--reason", "not-json"])
            #expect(dry.exitCode == 0 && dry.errors.contains("would discard 1; --yes does it"), "\(dry.errors)")
            #expect(try await world.aws.count(world.deadLetters) == 2)
            let wet = try await world.run(["dlq", "discard", "--reason", "not-json", "--yes"])
            #expect(wet.exitCode == 0 && wet.errors.contains("discarded 1"), "\(wet.errors)")
            #expect(try await world.aws.count(world.deadLetters) == 1)
        }

        @Test func `a replay that is killed loses nothing, and the next one says what is still hidden`() async throws {
            let world = try await World()
            var records: [JSON] = []
            for port in 1...5 {
                records.append(try await world.authorize(Permission("tcp", port...port, from: .ipv4("0.0.0.0/0"))))
                let body = try CloudTrailRecord.envelope(records[port - 1]).encoded
                try await world.send(body: body, to: world.deadLetters)
            }
            let replay = try world.start(["dlq", "replay", "--rate", "0.5", "--format", "jsonl"])
            try await eventually("two are sent") { try await world.aws.count(world.queue) >= 2 }
            replay.kill()
            _ = try await replay.end()
            let all = try await world.aws.count(world.queue) + world.aws.count(world.deadLetters)
            #expect(all >= 5)
            let second = try await world.run(["dlq", "replay"])
            #expect(
                second.errors.contains("hidden by another reader, or by one that was killed: try again in 30 s"),
                "\(second.errors)"
            )
            #expect(try await world.aws.count(world.queue) + world.aws.count(world.deadLetters) == all)
        }

        @Test func `an event that no dead letter has ends a replay and a discard with 1, by its name`() async throws {
            let (world, _) = try await worldWithLetters()
            for command in [["replay"], ["replay", "--dry-run"], ["discard"], ["discard", "--yes"]] {
                let result = try await world.run(["dlq"] + command + ["--event-id", "nobody", "--format", "json"])
                #expect(result.exitCode == 1 && result.output == "[]\n", "\(command): \(result.output)")
                #expect(result.errors.contains("has the event nobody"), "\(result.errors)")
            }
        }

        @Test func `a reader that leaves early hides nothing`() async throws {
            let world = try await World()
            let body = try CloudTrailRecord.envelope(try await world.authorize(.ssh)).encoded
            let error = MessageAttributeValue.string(String(repeating: "e", count: 900))
            for _ in 1...100 {
                try await world.send(body: body, attributes: ["SgRevertError": error], to: world.deadLetters)
            }
            let pipe = Pipe()
            try pipe.fileHandleForReading.close()
            let list = try world.start(["dlq", "list", "--format", "jsonl"], output: pipe.fileHandleForWriting)
            try pipe.fileHandleForWriting.close()
            let result = try await list.end()
            #expect(result.exitCode == 0, "\(result.errors)")
            #expect(try await world.aws.drain(world.deadLetters).count == 100)
        }

        @Test func `a dead-letter queue that is the queue itself or does not exist is refused by name`() async throws {
            let world = try await World()
            let same = try await world.run(["dlq", "list", "--dead-letter-queue-url", world.queue])
            #expect(same.exitCode == 78 && same.errors.contains("--dead-letter-queue-url"), "\(same.errors)")
            let missing = world.queue + "-nowhere"
            let gone = try await world.run(["dlq", "list", "--dead-letter-queue-url", missing])
            #expect(gone.exitCode == 1 && gone.errors.contains("queue \(missing) does not exist"), "\(gone.errors)")
            let worker = try await world.run(["worker", "--until-empty", "--dead-letter-queue-url", world.queue])
            #expect(worker.exitCode == 78 && worker.errors.contains("it is the queue itself"), "\(worker.errors)")
        }

        @Test func `where SQS itself moved a message, dlq list has the ledger's last error`() async throws {
            let world = try await World()
            let proxy = try FaultProxy()
            try await proxy.inflict([
                "kind": "error", "status": 403, "code": "UnauthorizedOperation", "action": "RevokeSecurityGroupIngress",
            ])
            try await world.send(world.authorize(.ssh))
            let result = try await world.run(["worker"] + World.quick, environment: proxy.environment)
            #expect(result.exitCode == 0, "\(result.errors)")
            let letter = try #require(try await world.aws.drain(world.deadLetters).first)
            // As SQS would have moved it: without the worker's words.
            try await world.send(body: letter.body, to: world.deadLetters)
            let listed = try await world.run(["dlq", "list", "--format", "json"])
            let row = try #require(try JSON(parsing: listed.output).items.first)
            #expect(row["reason"] == .null)
            #expect(row["error_message"].string?.contains("UnauthorizedOperation") == true, "\(listed.output)")
        }
    }
}
