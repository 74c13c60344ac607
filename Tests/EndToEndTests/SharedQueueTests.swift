import AWSClient
import GRDB
import Testing

extension EndToEnd {
    @Suite(.serialized) struct SharedQueueTests {
        /// One event for each of `count` rules, spread over `groups`.
        private func records(_ count: Int, in groups: [String], of world: World) async throws -> [JSON] {
            var records: [JSON] = []
            for number in 0..<count {
                let permission = Permission("tcp", 1000 + number...1000 + number, from: .ipv4("0.0.0.0/0"))
                records.append(try await world.authorize(permission, in: groups[number % groups.count]))
            }
            return records
        }

        @Test func `two workers on one queue and one ledger revert each event once and tell of it once`() async throws {
            let world = try await World()
            var groups = [world.group]
            for _ in 1..<5 { groups.append(try await world.aws.createGroup()) }
            let records = try await records(30, in: groups, of: world)
            for record in records { try await world.send(record) }
            for record in records.suffix(10) { try await world.send(record) }

            let arguments = ["worker"] + World.quick + groups.flatMap { ["--group", $0] }
            let workers = [try world.start(arguments), try world.start(arguments)]
            for worker in workers {
                let result = try await worker.end()
                #expect(result.exitCode == 0, "\(result.errors)")
            }

            for group in groups { #expect(try await world.ingress(group).isEmpty) }
            let rows = try await world.events()
            #expect(Set(rows.map(\.["event_id"])) == Set(records.map(\.["eventID"])) && rows.count == 30)
            #expect(Set(rows.map(\.["outcome"])) == ["reverted"])
            #expect(Set(rows.map(\.["attempts"])) == [1])
            #expect(rows.reduce(0) { $0 + ($1["deliveries"].integer ?? 0) } == 40)
            #expect(try world.outbox() == records.compactMap(\.["eventID"].string).sorted())
            #expect(try await !world.notifications().isEmpty)
            #expect(try await world.aws.count(world.queue) == 0)
            #expect(try await world.aws.count(world.deadLetters) == 0)
        }

        @Test func `SIGTERM in the middle leaves nothing in flight, and another worker does the rest`() async throws {
            let world = try await World()
            let records = try await records(25, in: [world.group], of: world)
            for record in records { try await world.send(record) }
            let worker = try world.start(["worker", "--wait-seconds", "2", "--concurrency", "4"])
            try await eventually("an event is reverted") { worker.errors.contains("event reverted") }
            worker.terminate()
            let result = try await worker.end()
            #expect(result.exitCode == 0, "\(result.errors)")

            let attributes = try await world.aws.sqs.getQueueAttributes(queueURL: world.queue)
            #expect(attributes["ApproximateNumberOfMessagesNotVisible"] == "0")
            let done = try await world.events()
            #expect(done.allSatisfy { $0["outcome"] == "reverted" })
            #expect((1..<25).contains(done.count), "the signal came in the middle")
            #expect(attributes["ApproximateNumberOfMessages"] == "\(25 - done.count)")
            #expect(try await world.ingress().count == 25 - done.count)

            try await world.work()
            let rows = try await world.events()
            #expect(rows.count == 25 && rows.allSatisfy { $0["outcome"] == "reverted" && $0["attempts"] == 1 })
            #expect(try await world.ingress().isEmpty)
            #expect(try world.outbox().count == 25)
            #expect(try await world.isQuiet)
        }

        @Test func `what a killed worker had in hand is finished by another once its lease has ended`() async throws {
            let world = try await World()
            let records = try await records(6, in: [world.group], of: world)
            for record in records { try await world.send(record) }
            let first = try world.start(["worker", "--concurrency", "2", "--wait-seconds", "1"])
            try await eventually("an event is reverted") { first.errors.contains("event reverted") }
            first.kill()
            _ = try await first.end()

            // Instead of a wait: the leases end, and SQS hands out again what was not deleted.
            try await DatabaseQueue(path: world.ledger).write {
                try $0.execute(
                    sql: "UPDATE events SET lease_until = '2020-01-01T00:00:00.000Z' WHERE lease_owner NOT NULL"
                )
            }
            for record in records { try await world.send(record) }
            // The emulator may hand a message to the poll of the killed worker, and then hides it for a while.
            try await eventually("every event has its outcome") {
                try await world.work()
                return try await world.events().allSatisfy { $0["outcome"] == "reverted" }
            }
            #expect(try await world.ingress().isEmpty)
            let rows = try await world.events()
            #expect(rows.count == 6 && rows.allSatisfy { $0["outcome"] == "reverted" })
            let told = try await world.notifications().map(\.["MessageAttributes"]["event_id"]["Value"])
            #expect(Set(told).isSubset(of: Set(records.map(\.["eventID"]))))
        }

        @Test func `an idle worker stops, and the next message comes to the next worker`() async throws {
            let world = try await World()
            let worker = try world.start(["worker", "--wait-seconds", "20"])
            for record in try await records(1, in: [world.group], of: world) { try await world.send(record) }
            try await eventually("the event is reverted and its message deleted") {
                let isClosed = try await world.ingress().isEmpty
                let isQuiet = try await world.isQuiet
                return isClosed && isQuiet
            }
            worker.terminate()
            let result = try await worker.end()
            #expect(result.exitCode == 0, "\(result.errors)")
            // The emulator does not see that a connection has ended: its half of the poll may still take a message, and hides
            // it for the few seconds that the poll asked for.
            for record in try await records(1, in: [world.group], of: world) { try await world.send(record) }
            try await eventually("the next message comes to the next worker") {
                try await world.work()
                return try await world.ingress().isEmpty
            }
        }

        @Test func `a second signal ends the worker at once`() async throws {
            let world = try await World()
            let proxy = try FaultProxy()
            try await proxy.inflict(["kind": "hang", "service": "ec2"])
            for record in try await records(1, in: [world.group], of: world) { try await world.send(record) }
            let worker = try world.start(["worker", "--wait-seconds", "20"], environment: proxy.environment)
            // A stop alone would wait for the answer of EC2.
            try await eventually("EC2 is asked") { try await proxy.faults(of: "ec2.DescribeSecurityGroupRules") > 0 }
            // Signals that come too close together are one.
            try await eventually("the worker has ended") {
                worker.terminate()
                return !worker.isRunning
            }
            let result = try await worker.end()
            #expect(result.exitCode == 1)
            // Nothing is logged then: a log that nobody reads would hold it up.
            #expect(!result.errors.contains("second signal"))
        }
    }
}
