import Foundation
import Testing

extension EndToEnd {
    /// Two hosts with a ledger each share a queue and a table.
    @Suite(.serialized) struct FleetTests {
        private static let worker = ["worker", "--wait-seconds", "1", "--settle-seconds", "1", "--concurrency", "4"]

        private func records(_ count: Int, of world: World) async throws -> [JSON] {
            var records: [JSON] = []
            for number in 0..<count {
                let permission = Permission("tcp", 1000 + number...1000 + number, from: .ipv4("0.0.0.0/0"))
                records.append(try await world.authorize(permission))
            }
            return records
        }

        private func has(_ worker: Program, _ said: String) async throws {
            try await eventually("the worker says \"\(said)\"; it said \(worker.errors)") {
                worker.errors.contains(said)
            }
        }

        private func stop(_ workers: Program...) async throws {
            for worker in workers { worker.terminate() }
            for worker in workers {
                let result = try await worker.end()
                #expect(result.exitCode == 0, "\(result.errors)")
            }
        }

        /// The table of a world, and what points a program at it.
        private func table(of world: World) async throws -> (name: String, environment: [String: String]) {
            let name = "claims-\(world.folder.lastPathComponent)"
            try await world.aws.createTable(name)
            return (name, ["SG_REVERT_CLAIMS": "dynamodb://\(name)"])
        }

        /// What a table has of events.
        private func events(in table: String, of world: World) async throws -> [JSON] {
            try await world.aws.items(table).filter { $0["pk"]["S"].string?.hasPrefix("event#") == true }
        }

        /// Each event was reverted, and people are told of it by one host.
        ///
        /// - Parameter mayResend: True where that host may have been stopped between the topic's answer and its own record of it. It
        ///   sends the notice again then, under the same id: SNS knows no repetition on a standard topic.
        private func expectOnce(_ records: [JSON], in world: World, mayResend: Bool = false) async throws {
            let ids = records.compactMap(\.["eventID"].string).sorted()
            let rows = try await world.fleetEvents()
            #expect(rows.compactMap(\.["event_id"].string).sorted() == ids)
            let others = rows.filter { $0["outcome"] != "reverted" }
            #expect(others.isEmpty, "\(others)")
            #expect(try await world.ingress().isEmpty)
            let told = try world.notices(world.ledger) + world.notices(world.secondLedger)
            #expect(told.sorted() == ids)
            let sent = try await world.notifications().compactMap {
                $0["MessageAttributes"]["notice_id"]["Value"].string
            }
            #expect(mayResend || sent.count == Set(sent).count, "\(sent)")
        }

        @Test func `each event is done on one host, though each comes twice, and the calls are few`() async throws {
            let world = try await World()
            let table = try await table(of: world)
            let proxy = try FaultProxy()
            let environment = table.environment.merging(proxy.environment) { $1 }
            let records = try await records(30, of: world)
            let one = try world.start(Self.worker, environment: environment)
            let two = try world.start(Self.worker, environment: environment.merging(world.second) { $1 })
            // A host that starts later would find the queue empty.
            try await has(one, "worker started")
            try await has(two, "worker started")
            for record in records + records { try await world.send(record) }
            try await eventually("the queue is empty") { try await world.isQuiet }
            try await stop(one, two)
            try await expectOnce(records, in: world)
            let first = try world.notices(world.ledger).count
            #expect((1..<30).contains(first), "both hosts had work: \(first)")
            let items = try await events(in: table.name, of: world)
            #expect(items.count == 30)
            #expect(items.allSatisfy { $0["expires_at"]["N"].string != nil && $0["lease_until"]["N"].string == nil })
            let calls =
                try await proxy.calls(of: "dynamodb.UpdateItem") + proxy.calls(of: "dynamodb.PutItem")
                + proxy.calls(of: "dynamodb.GetItem")
            print("fleet: \(calls) calls to the table for 30 events that came twice")
            #expect(calls <= 30 * 7)
        }

        @Test func `what a killed host had in hand another does, and no event is told twice`() async throws {
            let world = try await World(visibility: 3, receives: 20)
            let table = try await table(of: world)
            let records = try await records(24, of: world)
            for record in records { try await world.send(record) }
            let one = try world.start(Self.worker, environment: table.environment)
            try await has(one, "event reverted")
            one.kill()
            _ = try await one.end()
            try await world.aws.endLeases(table.name)

            let environment = table.environment.merging(world.second) { $1 }
            let two = try world.start(Self.worker, environment: environment)
            // A claim that was on its way when the host was killed gets a lease of a minute.
            _ = try await eventually("the queue is empty", within: .seconds(150)) {
                try await world.isQuiet ? () : nil
            }
            // The killed host comes back, and has notices that waited.
            let again = try world.start(Self.worker, environment: table.environment)
            try await has(again, "worker started")
            try await eventually("no notice waits") { try world.notices(world.ledger, held: true).isEmpty }
            try await stop(two, again)
            try await expectOnce(records, in: world)
        }

        @Test func `a host that was paused for longer than its lease undoes and tells nothing of the other's`()
            async throws
        {
            let world = try await World(visibility: 3, receives: 20)
            let table = try await table(of: world)
            let records = try await records(24, of: world)
            for record in records { try await world.send(record) }
            let one = try world.start(Self.worker, environment: table.environment)
            try await has(one, "event reverted")
            one.pause()
            try await world.aws.endLeases(table.name)

            let environment = table.environment.merging(world.second) { $1 }
            let two = try world.start(Self.worker, environment: environment)
            // A claim that was on its way when the host was paused gets a lease of a minute.
            _ = try await eventually("all is reverted", within: .seconds(150)) {
                try await world.ingress().isEmpty ? () : nil
            }
            try await eventually("the second host has done what the first had in hand") {
                try await events(in: table.name, of: world).allSatisfy { $0["lease_until"]["N"].string == nil }
            }
            one.resume()
            // Until it has found out what became of its work.
            try await Task.sleep(for: .seconds(5))
            try await eventually("the queue is empty") { try await world.isQuiet }
            try await eventually("no notice waits") { try world.notices(world.ledger, held: true).isEmpty }
            try await stop(one, two)
            try await expectOnce(records, in: world, mayResend: true)
        }

        @Test(
            arguments: [
                ["kind": "reset", "service": "dynamodb"], ["kind": "hang", "service": "dynamodb"],
                ["kind": "error", "service": "dynamodb", "status": 400, "code": "AccessDeniedException"],
            ] as [JSON]
        )
        func `without the table both hosts go on with their ledgers, say so, and come back to it`(
            fault: JSON
        ) async throws {
            let world = try await World()
            let table = try await table(of: world)
            let proxy = try FaultProxy()
            let environment = table.environment.merging(proxy.environment) { $1 }
            let one = try world.start(Self.worker, environment: environment)
            let two = try world.start(Self.worker, environment: environment.merging(world.second) { $1 })
            try await has(one, "worker started")
            try await has(two, "worker started")
            try await proxy.inflict(fault)
            let records = try await records(12, of: world)
            let start = ContinuousClock.now
            for record in records { try await world.send(record) }
            try await eventually("all is reverted") { try await world.ingress().isEmpty }
            print("fleet: 12 events without the table took \(ContinuousClock.now - start) (\(fault))")
            try await eventually("the queue is empty") { try await world.isQuiet }
            #expect((one.errors + two.errors).contains("DynamoDB in us-east-1 is out of order"))
            try await proxy.inflict()
            let later = try await self.records(6, of: world)
            try await eventually("an outage is over") {
                (one.errors + two.errors).contains("DynamoDB in us-east-1 works again")
            }
            for record in later { try await world.send(record) }
            try await eventually("the queue is empty") { try await world.isQuiet }
            try await stop(one, two)
            try await expectOnce(records + later, in: world)
        }

        @Test func `an exemption that is added on one host holds on the other at once, and its end closes there, once`()
            async throws
        {
            let world = try await World()
            let claims = try await table(of: world).environment
            let second = claims.merging(world.second) { $1 }
            let principal = "arn:aws:iam::\(CloudTrailRecord.account):role/network-*"
            func work(_ environment: [String: String]) async throws {
                let result = try await world.run(Self.worker + ["--until-empty"], environment: environment)
                #expect(result.exitCode == 0, "\(result.errors)")
            }
            // The second host sees the group before anything is added to it.
            try await work(second)
            let added = try await world.run(
                ["exempt", "add", "--principal", principal, "--for", "25h", "--reason", "incident"],
                environment: claims
            )
            #expect(added.exitCode == 0 && added.errorLines.count == 1 && added.errors.contains("24 hours"))
            let id = added.output.trimmingCharacters(in: .whitespacesAndNewlines)

            let record = try await world.authorize(Permission("tcp", 22...22, from: .ipv4("0.0.0.0/0")))
            try await world.send(record)
            try await work(second)
            #expect(try await world.ingress().count == 1)
            let row = try await world.events("--ledger", world.secondLedger).first {
                $0["event_id"] == record["eventID"]
            }
            #expect(row?["outcome"] == "allowed")

            let list = try await world.run(["exempt", "list", "--format", "json"], environment: second)
            #expect(try JSON(parsing: list.output).items.map { $0["kept_in"] } == ["ledger and table"])
            let elsewhere = second.merging(["SG_REVERT_LEDGER": world.folder.appendingPathComponent("no.db").path]) {
                $1
            }
            let other = try await world.run(["exempt", "list", "--format", "json"], environment: elsewhere)
            #expect(try JSON(parsing: other.output).items.map { $0["kept_in"] } == ["table"])

            let ended = try await world.run(["exempt", "end", id], environment: claims)
            #expect(ended.exitCode == 0 && ended.output == "ended \(id)\n", "\(ended.errors)")
            try await work(second)
            try await work(claims)
            #expect(try await world.ingress().isEmpty)
            let told = try await world.notifications().map { "\($0)" }
            for what in ["has begun", "has ended"] {
                #expect(told.count { $0.contains("a temporary exemption \(what)") } == 1, "\(told)")
            }
        }

        @Test func `without the table an exemption holds in one ledger, and the command says so`() async throws {
            let world = try await World()
            let environment = ["SG_REVERT_CLAIMS": "dynamodb://no-such-table"]
            let arguments = ["exempt", "add", "--principal", "arn:*", "--for", "2h", "--reason", "incident"]
            let added = try await world.run(arguments, environment: environment)
            #expect(added.exitCode == 1 && added.output.hasPrefix("ex-"))
            #expect(added.errorLines.count == 2 && added.errors.contains("exempts everybody"))
            #expect(added.errors.contains("in this ledger alone") && added.errors.contains("no-such-table"))
            let id = added.output.trimmingCharacters(in: .whitespacesAndNewlines)
            let list = try await world.run(["exempt", "list", "--format", "json"], environment: environment)
            #expect(list.exitCode == 1)
            #expect(try JSON(parsing: list.output).items.map { $0["kept_in"] } == ["ledger"])
            let ended = try await world.run(["exempt", "end", id], environment: environment)
            #expect(ended.exitCode == 1 && ended.errors.contains("in this ledger alone"))
            #expect(try await world.run(["exempt", "end", id]).exitCode == 1, "it has ended")
        }
    }
}
