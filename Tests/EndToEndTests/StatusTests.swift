import Foundation
import FoundationNetworking
import Testing

extension EndToEnd {
    @Suite(.serialized) struct StatusTests {
        /// The body and status of a GET at the endpoint of a worker.
        private func get(_ path: String, _ port: Int) async throws -> (status: Int, body: String) {
            let url = try #require(URL(string: "http://127.0.0.1:\(port)\(path)"))
            let (data, response) = try await URLSession.shared.data(from: url)
            return ((response as? HTTPURLResponse)?.statusCode ?? 0, String(decoding: data, as: UTF8.self))
        }

        @Test func `a running worker tells what it has done, and a health check sees that it is alive`() async throws {
            let world = try await World()
            let record = try await world.authorize(.ssh)
            try await world.send(record)
            let port = Int.random(in: 20_000...30_000)
            let worker = try world.start(["worker", "--http-address", "127.0.0.1:\(port)", "--wait-seconds", "1"])
            try await eventually("the rule is gone") { try await world.ingress().isEmpty }
            try await eventually("the event is counted") {
                try await get("/metrics", port).body.contains("sg_revert_events_total{outcome=\"reverted\"} 1\n")
            }
            let metrics = try await get("/metrics", port).body
            #expect(metrics.contains("sg_revert_rules_total{outcome=\"reverted\"} 1\n"))
            #expect(metrics.contains("sg_revert_messages_received_total 1\n"))
            #expect(metrics.contains("sg_revert_exposed_seconds_count 1\n"))
            try await eventually("nothing is in hand any more") {
                let now = try await get("/metrics", port).body
                return now.contains("sg_revert_waiting 0\n") && now.contains("sg_revert_in_flight 0\n")
            }
            #expect(metrics.contains("sg_revert_ledger_commit_seconds_count "))
            let poll = try #require(metrics.firstMatch(of: /sg_revert_last_poll_timestamp_seconds ([0-9.]+)/))
            #expect(abs(Date().timeIntervalSince1970 - (Double(poll.1) ?? 0)) < 60)
            #expect(metrics.contains("service=\"ec2\",action=\"RevokeSecurityGroupIngress\",result=\"success\""))
            #expect(try await get("/livez", port).status == 200)
            let ready = try await get("/readyz", port)
            #expect(ready.status == 200 && ready.body.contains("\"ready\""))
            let health = try await world.run(["health", "--ready", "--http-address", "127.0.0.1:\(port)"])
            #expect(health.exitCode == 0, "\(health.errors)")
            worker.terminate()
            #expect(try await worker.end().exitCode == 0)
            let gone = try await world.run(["health", "--http-address", "127.0.0.1:\(port)"])
            #expect(gone.exitCode == 1 && gone.errors.contains("no worker answers at 127.0.0.1:\(port)"))
        }

        @Test func `embedded metrics on stdout are JSON lines with what was counted`() async throws {
            let world = try await World()
            try await world.send(try await world.authorize(.ssh))
            let result = try await world.run(["worker", "--metrics", "emf"] + World.quick)
            #expect(result.exitCode == 0, "\(result.errors)")
            let lines = result.output.split(separator: "\n").map(String.init)
            let counted = lines.contains {
                $0.contains(#""sg_revert_events_total":1"#) && $0.contains(#""outcome":"reverted""#)
            }
            #expect(counted && lines.allSatisfy { $0.hasPrefix(#"{"_aws":{"Timestamp":"#) }, "\(result.output)")
        }

        @Test func `each log line about an event is JSON with the event, its account, Region and group`() async throws {
            let world = try await World()
            let record = try await world.authorize(.ssh)
            try await world.send(record)
            let result = try await world.run(["worker", "--log-format", "json", "--log-level", "debug"] + World.quick)
            #expect(result.exitCode == 0, "\(result.errors)")
            let lines = try result.errorLines.map { try JSON(parsing: $0) }
            let about = lines.filter { $0["event.id"] == record["eventID"] }
            #expect(about.contains { $0["message"] == "event reverted" })
            for line in about {
                #expect(line["account"] == record["recipientAccountId"] && line["region"] == record["awsRegion"])
                #expect(line["group.id"].string == world.group && line["message.id"].string != nil)
            }
        }
    }
}
