import AWSClient
import Foundation
import GRDB
import TestSupport
import Testing

extension EndToEnd {
    @Suite struct CrashTests {
        /// Keeps a number of workers running, and kills one of them now and then.
        private actor Fleet {
            private let start: @Sendable () throws -> Program
            private var workers: [Program] = []
            private(set) var kills = 0
            private var random = SeededGenerator(seed: 7)

            init(size: Int, start: @escaping @Sendable () throws -> Program) throws {
                self.start = start
                workers = try (0..<size).map { _ in try start() }
            }

            func killOne() throws {
                let index = Int.random(in: workers.indices, using: &random)
                workers[index].kill()
                kills += 1
                workers[index] = try start()
            }

            func stop() async throws -> [Program.Result] {
                for worker in workers { worker.terminate() }
                var results: [Program.Result] = []
                for worker in workers { results.append(try await worker.end()) }
                return results
            }
        }

        @Test
        func `four workers that are killed at random, duplicates and faults: each event once, each rule as it must be`()
            async throws
        {
            let world = try await World(visibility: 5, receives: 20)
            let proxy = try FaultProxy()
            // A rule in each group that no event tells of must stay.
            var groups = [world.group]
            for _ in 1..<20 { groups.append(try await world.aws.createGroup()) }
            var bodies: [String] = []
            for group in groups {
                _ = try await world.authorize(.ssh, in: group)
                let permissions = (0..<30).map { Permission("tcp", 1000 + $0...1000 + $0, from: .ipv4("0.0.0.0/0")) }
                for rule in try await world.aws.authorize(group, permissions) {
                    let port = (rule.fromPort ?? 0)
                    let permission = Permission("tcp", port...port, from: .ipv4("0.0.0.0/0"))
                    let record = CloudTrailRecord.authorize(group, [permission], added: [rule])
                    bodies.append(try CloudTrailRecord.envelope(record).encoded)
                }
            }
            #expect(bodies.count == 600)
            try await proxy.inflict(
                ["kind": "duplicate", "action": "ReceiveMessage", "percent": 10],
                ["kind": "error", "status": 503, "code": "Unavailable", "percent": 2],
                ["kind": "reset", "percent": 1],
                ["kind": "lost", "percent": 1],
                ["kind": "truncate", "percent": 1]
            )
            let arguments =
                ["worker", "--wait-seconds", "1", "--settle-seconds", "2", "--concurrency", "10"]
                + groups.flatMap { ["--group", $0] }
            let fleet = try Fleet(size: 4) { try world.start(arguments, environment: proxy.environment) }
            for (number, body) in bodies.shuffled().enumerated() {
                if number % 20 == 0 {
                    try await eventually("the backlog shrinks") { try await world.aws.count(world.queue) < 60 }
                }
                if number % 60 == 30 { try await fleet.killOne() }
                try await world.send(body: body)
            }
            // What a killed worker had claimed is free after a minute.
            _ = try await eventually("the queue is empty", within: .seconds(150)) {
                try await world.aws.count(world.queue) == 0 ? () : nil
            }
            // What SNS did not take at the first try waits in the outbox for its next.
            var configuration = Configuration()
            configuration.readonly = true
            configuration.busyMode = .timeout(10)
            let ledger = try DatabaseQueue(path: world.ledger, configuration: configuration)
            _ = try await eventually("everybody is told", within: .seconds(90)) {
                try await ledger.read {
                    try Int.fetchOne($0, sql: "SELECT count(*) FROM notices WHERE state = 'pending'") == 0 ? () : nil
                }
            }
            for result in try await fleet.stop() { #expect(result.exitCode == 0, "\(result.errors)") }

            for group in groups { #expect(try await world.ingress(group).count == 1) }
            let rows = try await world.events()
            #expect(Set(rows.map(\.["event_id"])).count == 600 && rows.count == 600)
            let others = rows.filter { $0["outcome"] != "reverted" }
            #expect(others.isEmpty, "\(others)")
            #expect(try await world.isQuiet)
            let told = try await world.notifications().compactMap {
                $0["MessageAttributes"]["event_id"]["Value"].string
            }
            let times = Dictionary(told.map { ($0, 1) }, uniquingKeysWith: +)
            let kills = await fleet.kills
            #expect(!times.isEmpty)
            #expect(try Set(world.outbox()).count == 600)
            #expect(times.values.allSatisfy { $0 <= 1 + kills })
        }
    }
}
