import Foundation
import Testing

extension EndToEnd {
    @Suite(.serialized) struct OutageTests {
        static let worker = ["worker", "--wait-seconds", "1", "--settle-seconds", "1"]

        /// Ends a worker, which must have nothing left to do.
        private func stop(_ worker: Program) async throws {
            worker.terminate()
            let result = try await worker.end()
            #expect(result.exitCode == 0, "\(result.errors)")
        }

        private func has(_ worker: Program, _ said: String) async throws {
            try await eventually("the worker says \"\(said)\"; it said \(worker.errors)") {
                worker.errors.contains(said)
            }
        }

        @Test(
            arguments: [
                ["kind": "error", "service": "ec2", "status": 503, "code": "Unavailable"],
                ["kind": "error", "service": "ec2", "status": 403, "code": "UnauthorizedOperation"],
                ["kind": "reset", "service": "ec2"],
            ] as [JSON]
        )
        func
            `EC2 is out of order for several times the visibility timeout: nothing fails, nothing moves, all is done after`(
                fault: JSON
            ) async throws
        {
            let world = try await World(visibility: 3, receives: 2)
            let proxy = try FaultProxy()
            let worker = try world.start(Self.worker, environment: proxy.environment)
            try await has(worker, "worker started")
            try await proxy.inflict(fault)
            var records: [JSON] = []
            for port in 1...12 {
                let permission = Permission("tcp", port...port, from: .ipv4("0.0.0.0/0"))
                records.append(try await world.authorize(permission))
            }
            for record in records { try await world.send(record) }
            try await has(worker, "EC2 in us-east-1 is out of order")
            try await Task.sleep(for: .seconds(10))
            #expect(try await world.aws.count(world.deadLetters) == 0)
            #expect(try await world.ingress().count == 12)
            try await proxy.inflict()
            try await eventually("all is reverted") { try await world.ingress().isEmpty }
            try await eventually("the queue is empty") { try await world.isQuiet }
            try await has(worker, "EC2 in us-east-1 works again")
            try await stop(worker)
            let rows = try await world.events()
            #expect(rows.count == 12)
            #expect(rows.allSatisfy { $0["outcome"] == "reverted" && $0["attempts"] == 1 && $0["deliveries"] == 1 })
            #expect(try world.outbox().count == 12)
            #expect(try await !world.notifications().isEmpty)
        }

        @Test(
            arguments: [
                ["kind": "error", "status": 403, "code": "InvalidClientTokenId"], ["kind": "expired"],
            ] as [JSON]
        )
        func `credentials that AWS does not take: the worker says so, waits and recovers`(fault: JSON) async throws {
            let world = try await World(visibility: 3, receives: 2)
            let proxy = try FaultProxy()
            let worker = try world.start(Self.worker, environment: proxy.environment)
            try await has(worker, "worker started")
            try await proxy.inflict(fault)
            try await has(worker, "the queue is out of order")
            let record = try await world.authorize(.ssh)
            try await world.send(record)
            try await Task.sleep(for: .seconds(3))
            #expect(try await world.ingress().count == 1)
            try await proxy.inflict()
            try await eventually("the rule is reverted") { try await world.ingress().isEmpty }
            try await eventually("the queue is empty") { try await world.isQuiet }
            try await stop(worker)
            #expect(try await world.row(of: record)["attempts"] == 1)
        }

        @Test func `a receive that is never answered is abandoned and replaced within its bound`() async throws {
            let world = try await World()
            let proxy = try FaultProxy()
            try await proxy.inflict(["kind": "hang", "action": "ReceiveMessage", "times": 1])
            let worker = try world.start(Self.worker, environment: proxy.environment)
            try await has(worker, "worker started")
            let record = try await world.authorize(.ssh)
            try await world.send(record)
            // The poll's one second and ten more.
            try await eventually("the rule is reverted", within: .seconds(20)) {
                try await world.ingress().isEmpty ? () : nil
            }
            try await has(worker, "the queue is out of order")
            #expect(try await proxy.faults(of: "sqs.ReceiveMessage") == 1)
            try await stop(worker)
        }

        @Test func `a clock that is a quarter of an hour wrong stops nothing`() async throws {
            let world = try await World()
            let proxy = try FaultProxy()
            try await proxy.inflict(["kind": "skew", "seconds": 900])
            let record = try await world.authorize(.ssh)
            try await world.send(record)
            let result = try await world.run(["worker"] + World.quick, environment: proxy.environment)
            #expect(result.exitCode == 0, "\(result.errors)")
            #expect(try await world.row(of: record)["outcome"] == "reverted")
            #expect(try await proxy.faults(of: "sqs.GetQueueAttributes") == 1, "the first call showed the difference")
        }

        @Test func `throttling slows the worker down and fails nothing`() async throws {
            let world = try await World()
            let proxy = try FaultProxy()
            var groups = [world.group]
            for _ in 1..<8 { groups.append(try await world.aws.createGroup()) }
            try await proxy.inflict(
                ["kind": "throttle", "action": "RevokeSecurityGroupIngress", "burst": 2, "rate": 2]
            )
            for group in groups { try await world.send(world.authorize(.ssh, in: group)) }
            let arguments = ["worker"] + World.quick + groups.flatMap { ["--group", $0] }
            let result = try await world.run(arguments, environment: proxy.environment)
            #expect(result.exitCode == 0, "\(result.errors)")
            #expect(try await world.events().filter { $0["outcome"] == "reverted" }.count == 8)
            #expect(try await proxy.faults(of: "ec2.RevokeSecurityGroupIngress") > 0)
            #expect(try await world.isQuiet)
        }

        @Test func `answers that are lost or cut off, and messages that come twice, change nothing`() async throws {
            let world = try await World(visibility: 3, receives: 10)
            let proxy = try FaultProxy()
            for action in ["RevokeSecurityGroupIngress", "DeleteMessageBatch"] {
                try await proxy.inflict(
                    ["kind": "lost", "action": .text(action), "times": 2],
                    ["kind": "truncate", "action": "DescribeSecurityGroupRules", "times": 2],
                    ["kind": "duplicate", "action": "ReceiveMessage"]
                )
                let record = try await world.authorize(.ssh)
                try await world.send(record)
                let result = try await world.run(["worker"] + World.quick, environment: proxy.environment)
                #expect(result.exitCode == 0, "\(result.errors)")
                let row = try await world.row(of: record)
                #expect(row["outcome"] == "reverted" && row["attempts"] == 1)
            }
            #expect(try await world.ingress().isEmpty)
            #expect(try await world.isQuiet)
            #expect(try world.outbox().count == 2)
            #expect(try await !world.notifications().isEmpty)
        }

        @Test func `a stop in the middle of an outage is bounded, and names what is left to the queue`() async throws {
            let world = try await World()
            let proxy = try FaultProxy()
            let record = try await world.authorize(.ssh)
            try await proxy.inflict(["kind": "hang", "service": "ec2"])
            try await world.send(record)
            let worker = try world.start(Self.worker + ["--shutdown-seconds", "2"], environment: proxy.environment)
            try await eventually("EC2 is asked") { try await proxy.faults(of: "ec2.DescribeSecurityGroupRules") > 0 }
            worker.terminate()
            let result = try await worker.end()
            #expect(result.exitCode == 1)
            #expect(result.errorLines.last?.contains("stopped with work left to the queue, messages ") == true)
            #expect(try await world.aws.count(world.queue) == 1)
            #expect(try await world.aws.count(world.deadLetters) == 0)
        }
    }
}
