import Foundation
import TestSupport
import Testing

extension EndToEnd {
    @Suite(.serialized) struct LedgerTroubleTests {
        /// A worker that has already recorded one event.
        private func worker(in world: World) async throws -> Program {
            let worker = try world.start(OutageTests.worker)
            let record = try await world.authorize(.ssh)
            try await world.send(record)
            try await eventually("the first event is done; the worker said \(worker.errors)") {
                guard worker.errors.contains("event reverted"), try await world.ingress().isEmpty else { return false }
                return try await world.isQuiet
            }
            return worker
        }

        private func send(_ count: Int, in world: World) async throws {
            for port in 1...count {
                let permission = Permission("tcp", port...port, from: .ipv4("0.0.0.0/0"))
                try await world.send(world.authorize(permission))
            }
        }

        /// Lets a worker write no file beyond `size` bytes, or again as far as it may at all.
        private func limitFiles(of worker: Program, to size: Int?) throws {
            let python = try Python.run(
                """
                import resource, sys
                pid, size = map(int, sys.argv[1:])
                _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (size if size > 0 else hard, hard))
                """,
                "\(worker.processID)",
                "\(size ?? 0)"
            )
            guard python.waitUntilExit() == 0 else { throw TooLate(description: "the limit could not be set") }
        }

        private func isOutOfOrder(_ worker: Program) async throws {
            try await eventually("the worker says that the ledger is out of order") {
                worker.errors.contains("the ledger is out of order")
            }
        }

        @Test func `a ledger that another process keeps locked: the work waits in hand, then ends`() async throws {
            let world = try await World(visibility: 3, receives: 2)
            let worker = try await worker(in: world)
            let lock = world.folder.appendingPathComponent("locked")
            let shell = try Python.run(
                """
                import os, sqlite3, sys, time
                db = sqlite3.connect(sys.argv[1], timeout=20, isolation_level=None)
                db.execute("BEGIN EXCLUSIVE")
                open(sys.argv[2], "w").close()
                while os.path.exists(sys.argv[2]):
                    time.sleep(0.1)
                """,
                world.ledger,
                lock.path
            )
            try await eventually("the ledger is locked") { FileManager.default.fileExists(atPath: lock.path) }
            try await send(3, in: world)
            try await isOutOfOrder(worker)
            #expect(try await world.aws.count(world.queue) == 3)
            #expect(try await world.ingress().count == 3, "nothing is revoked that cannot be recorded")
            // The worker waits for ten seconds before it says so.
            try FileManager.default.removeItem(at: lock)
            try await eventually("all is reverted") { try await world.ingress().isEmpty }
            try await eventually("the queue is empty") { try await world.isQuiet }
            shell.waitUntilExit()
            worker.terminate()
            #expect(try await worker.end().exitCode == 0)
            #expect(try await world.events().filter { $0["attempts"] == 1 }.count == 4)
        }

        @Test func `a ledger that is deleted under the worker: it says so, revokes nothing and deletes nothing`()
            async throws
        {
            let world = try await World()
            let worker = try await worker(in: world)
            for name in try FileManager.default.contentsOfDirectory(atPath: world.folder.path)
            where name.hasPrefix("ledger.db") {
                try FileManager.default.removeItem(at: world.folder.appendingPathComponent(name))
            }
            try await send(2, in: world)
            try await isOutOfOrder(worker)
            #expect(worker.errors.contains(world.ledger), "the error names the file")
            #expect(try await world.aws.count(world.queue) == 2)
            #expect(try await world.ingress().count == 2)
            worker.kill()
            _ = try await worker.end()
        }

        @Test
        func `a disk that is full: nothing is deleted that is not recorded, and the work goes on when there is room`()
            async throws
        {
            let world = try await World(visibility: 3, receives: 2)
            let worker = try await worker(in: world)
            // A limit on the size of files fails writes as a full disk does; the log's file is smaller.
            let size = try #require(
                try FileManager.default.attributesOfItem(atPath: world.ledger)[.size] as? Int
            )
            try limitFiles(of: worker, to: size + 4096)
            try await send(25, in: world)
            try await isOutOfOrder(worker)
            let left = try await world.ingress().count
            #expect(try await world.aws.count(world.queue) >= left)
            #expect(try await world.aws.count(world.deadLetters) == 0)
            try limitFiles(of: worker, to: nil)
            try await eventually("all is reverted") { try await world.ingress().isEmpty }
            try await eventually("the queue is empty") { try await world.isQuiet }
            worker.terminate()
            #expect(try await worker.end().exitCode == 0)
            let rows = try await world.events()
            #expect(rows.count == 26 && rows.allSatisfy { $0["outcome"] == "reverted" && $0["attempts"] == 1 })
        }
    }
}
