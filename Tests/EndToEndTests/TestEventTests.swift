import Foundation
import Testing

extension EndToEnd {
    @Suite(.serialized) struct TestEventTests {
        /// The id that the emulator gives to every sender.
        private static let sender = "AIDAIT2UOQQY3AUEKVGXU"

        /// Starts a worker, and waits until it polls.
        private func start(_ world: World, _ flags: [String]) async throws -> Program {
            let worker = try world.start(["worker", "--wait-seconds", "1"] + flags)
            try await eventually("the worker has started") { worker.errors.contains("worker started") }
            return worker
        }

        @Test(arguments: [[], ["--trusted-sender", sender]])
        func `it goes through the queue of a running worker, and its way is told with times`(
            flags: [String]
        ) async throws {
            let world = try await World()
            let worker = try await start(world, flags)
            let result = try await world.run(["test-event", "--format", "json"] + flags)
            #expect(result.exitCode == 0, "\(result.errors)")
            let way = try JSON(parsing: result.output)
            #expect(way["outcome"] == "ignored" && way["reason"] == "not-a-rule-change")
            #expect(way["ledger"].string == world.ledger)
            for span in ["send_ms", "queue_ms", "work_ms", "total_ms"] {
                #expect((0..<60_000).contains(way[span].integer ?? -1), "\(span)")
            }
            let row = try #require(try await world.events("--event-id", way["event_id"].string ?? "").first)
            #expect(row["event_name"] == "SgRevertTestEvent" && row["worker"] == way["worker"])

            let table = try await world.run(["test-event"] + flags)
            #expect(table.exitCode == 0, "\(table.errors)")
            let steps = table.output.split(separator: "\n").compactMap { $0.split(separator: " ").first }
            #expect(steps == ["began", "sent", "received", "recorded", "seen"])
            worker.terminate()
            #expect(try await worker.end().exitCode == 0)
            #expect(try await world.isQuiet)
            #expect(try await world.notifications().isEmpty)
        }

        @Test func `without a worker it ends in time with exit 1 and says where to look`() async throws {
            let world = try await World()
            try await world.work()
            let result = try await world.run(["test-event", "--timeout", "2s"])
            #expect(result.exitCode == 1 && result.output == "")
            #expect(result.errorLines.count == 1 && result.errors.contains("within 2s"), "\(result.errors)")
            #expect(result.errors.contains(world.queue) && result.errors.contains(world.ledger))
            // What was sent is harmless: the next worker takes it away.
            try await world.work()
            #expect(try await world.isQuiet)
        }

        @Test func `without a ledger nothing is sent`() async throws {
            let world = try await World()
            let result = try await world.run(["test-event", "--timeout", "2s"])
            #expect(result.exitCode == 1 && result.errors.contains(world.ledger), "\(result.errors)")
            #expect(try await world.isQuiet)
        }

        @Test func `a sender whom the worker does not believe is told so at once`() async throws {
            let world = try await World()
            let worker = try await start(world, ["--trusted-sender", "AIDASOMEBODYELSE"])
            let result = try await world.run(["test-event", "--trusted-sender", "AIDASOMEBODYELSE"])
            #expect(result.exitCode == 1 && result.output == "")
            #expect(result.errors.contains("untrusted-sender") && result.errors.contains("--trusted-sender"))
            worker.terminate()
            #expect(try await worker.end().exitCode == 0)
            #expect(try await world.events().isEmpty, "it has no row")
        }

        @Test(arguments: ["", "5", "0s", "-1s"])
        func `a bound that is no duration is wrong usage`(text: String) async throws {
            let world = try await World()
            let result = try await world.run(["test-event", "--timeout=\(text)"])
            #expect(result.exitCode == 64 && result.errors.contains("--timeout"))
        }
    }
}
