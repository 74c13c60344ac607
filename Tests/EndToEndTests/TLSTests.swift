import Foundation
import Testing

extension EndToEnd {
    /// Channels over TLS, to a server with a certificate of a private CA.
    @Suite(.serialized) struct TLSTests {
        private func bus(_ server: TLSServer) -> [String: String] {
            ["AWS_ENDPOINT_URL_EVENTBRIDGE": "https://localhost:\(server.port)"]
        }

        private func flags(_ url: String, _ world: World) throws -> [String] {
            let secret = world.folder.appendingPathComponent("secret")
            // The line's end is no part of it.
            try "\(TLSServer.secret)\n".write(to: secret, atomically: true, encoding: .utf8)
            return [
                "--webhook-url", url, "--webhook-secret-file", secret.path, "--notify-format", "json", "--event-bus",
                "default",
            ]
        }

        @Test func `a webhook takes the notice with a signature that proves it, and a bus takes it too`() async throws {
            let world = try await World()
            let server = try TLSServer(in: world.folder)
            let record = try await world.authorize(.ssh)
            try await world.send(record)
            let flags = try flags("https://localhost:\(server.port)/hook?key=k", world)
            let result = try await world.run(
                ["worker"] + World.quick + flags,
                environment: server.trust.merging(bus(server)) { $1 }
            )
            #expect(result.exitCode == 0, "\(result.errors)")

            let requests = try server.requests()
            #expect(requests.count == 2, "\(requests) \(result.errors)")
            let hook = try #require(requests.first { $0["path"].string == "/hook?key=k" })
            let hmac = try #require(hook["hmac"].string)
            #expect(hook["headers"]["x-sg-revert-signature"].string == "sha256=\(hmac)")
            #expect(hook["headers"]["content-type"] == "application/json")
            let document = try JSON(parsing: hook["body"].string ?? "")
            #expect(document["event_id"] == record["eventID"] && document["outcome"] == "reverted")

            let call = try #require(requests.first { $0["path"].string == "/" })
            #expect(call["headers"]["x-amz-target"] == "AWSEvents.PutEvents")
            #expect(call["headers"]["authorization"].string?.contains("/events/aws4_request") == true)
            let entry = try #require(try JSON(parsing: call["body"].string ?? "")["Entries"].items.first)
            #expect(entry["Source"] == "sg-revert" && entry["DetailType"] == "Security Group Reverted")
            #expect(try JSON(parsing: entry["Detail"].string ?? "") == document)
        }

        @Test(arguments: [("localhost", false), ("127.0.0.1", true)])
        func
            `a certificate of an unknown CA, or for another name, is refused, and the notice comes once it is believed`(
                host: String,
                isTrusted: Bool
            ) async throws
        {
            let world = try await World()
            let server = try TLSServer(in: world.folder)
            try await world.send(try await world.authorize(.ssh))
            let path = "\(server.port)/hook?SECRETQUERY"
            let doubtful = try flags("https://\(host):\(path)", world)
            var environment = isTrusted ? server.trust : [:]
            environment["AWS_ENDPOINT_URL_EVENTBRIDGE"] = "https://\(host):\(server.port)"
            let result = try await world.run(["worker"] + World.quick + doubtful, environment: environment)
            #expect(result.exitCode == 0, "\(result.errors)")
            #expect(try await world.ingress().isEmpty)
            #expect(try await world.notifications().count == 1)
            #expect(try server.requests().isEmpty, "nothing is said to a server that is not believed")
            let refusals = result.errorLines.filter { $0.contains("notice not sent") }
            #expect(refusals.contains { $0.contains("webhook") && $0.lowercased().contains("certificate") })
            #expect(refusals.contains { $0.contains("eventbridge") })
            #expect(!result.errors.contains("SECRETQUERY"))

            guard !isTrusted else { return }
            let worker = try world.start(
                ["worker", "--wait-seconds", "1"] + doubtful,
                environment: server.trust.merging(bus(server)) { $1 }
            )
            try await eventually("both channels are told; the worker said \(worker.errors)") {
                try server.requests().count >= 2
            }
            worker.terminate()
            #expect(try await worker.end().exitCode == 0)
        }

        @Test func `plain http is refused, and a redirection is not followed`() async throws {
            let world = try await World()
            let server = try TLSServer(in: world.folder)
            let plain = try flags("http://localhost:\(server.port)/hook", world)
            let refused = try await world.run(["worker"] + World.quick + plain)
            #expect(refused.exitCode == 64 && refused.errors.contains("https"), "\(refused.errors)")

            try await world.send(try await world.authorize(.ssh))
            let moved = try flags("https://localhost:\(server.port)/moved", world)
            let result = try await world.run(
                ["worker"] + World.quick + moved,
                environment: server.trust.merging(bus(server)) { $1 }
            )
            #expect(result.exitCode == 0 && result.errors.contains("status 307"), "\(result.errors)")
            // A notice whose answer comes late is sent again, but nothing goes to where the redirection points.
            #expect(Set(try server.requests().compactMap(\.["path"].string)) == ["/", "/moved"])
        }
    }
}
