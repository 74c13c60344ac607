import Foundation
import Testing

@testable import AWSClient

@Suite struct HostSystemTests {
    @Test func `tells a file that is not there from one that cannot be read`() throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let file = directory.appending(path: "config")
        try Data("[default]".utf8).write(to: file)

        let read = HostSystem.current.readFile
        #expect(try read(file.path()) == Array("[default]".utf8))
        #expect(try read(directory.appending(path: "missing").path()) == nil)
        #expect(try read("/dev/null") == [])
        #expect(throws: SettingsFile.Failure.notRegular) { try read(directory.path()) }
    }

    @Test func `waits for no pipe, and reads no device without an end`() throws {
        let pipe = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path()
        #expect(mkfifo(pipe, 0o600) == 0)
        defer { unlink(pipe) }
        for path in [pipe, "/dev/zero"] {
            #expect(throws: SettingsFile.Failure.notRegular) { try HostSystem.current.readFile(path) }
        }
    }

    @Test func `gives up a file that is too large`() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try Data(count: 101).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        #expect(throws: SettingsFile.Failure.tooLarge(limit: 100)) { try SettingsFile.read(file.path(), limit: 100) }
        #expect(try SettingsFile.read(file.path(), limit: 101)?.count == 101)
    }

    @Test func `gives free memory back to the kernel`() throws {
        let blocks = (0..<10_000).map { _ in malloc(4096)! }
        for block in blocks { memset(block, 1, 4096) }
        // The last block stays, so that the memory before it is not the free end of the heap, which malloc gives back by itself.
        for block in blocks.dropLast() { free(block) }
        defer { free(blocks.last) }
        func residentCount() -> Int {
            blocks.filter { block in
                let page = UnsafeMutableRawPointer(bitPattern: UInt(bitPattern: block) & ~4095)
                var isResident: UInt8 = 0
                return mincore(page, 1, &isResident) == 0 && isResident & 1 == 1
            }.count
        }
        #expect(residentCount() > 9_000)

        HostSystem.releaseFreeMemory()

        // Tests beside this one may have taken some of it.
        #expect(residentCount() < 5_000)
    }

    @Test func `replaces a file by one that nobody else can read`() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path()
        defer { try? FileManager.default.removeItem(atPath: path) }
        for text in ["first", "second"] {
            try HostSystem.current.writeFile(path, Array(text.utf8))
            #expect(try HostSystem.current.readFile(path) == Array(text.utf8))
        }
        let permissions = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(permissions == 0o600)
        #expect(throws: (any Error).self) { try HostSystem.current.writeFile("/nowhere/file", []) }
    }

    @Test func `runs a line of shell, and hears its output and status alone`() async throws {
        let result = try await HostSystem.current.shell("printf 'a b'; echo secret >&2; exit 3")
        #expect(result.status == 3)
        #expect(result.output == Array("a b".utf8))
    }

    @Test func `knows the addresses of this machine, and none of a name that there is not`() async {
        let found = await HostSystem.current.addresses("localhost")
        #expect(!found.isEmpty && found.allSatisfy { ["127.0.0.1", "::1"].contains($0) })
        #expect(await HostSystem.current.addresses("no-such-host.invalid").isEmpty)
    }

    @Test func `makes random UUIDs, each only once`() throws {
        let ids = (0..<200).map { _ in HostSystem.current.makeID() }
        #expect(Set(ids).count == 200)
        for id in ids {
            #expect(UUID(uuidString: id)?.uuidString.lowercased() == id)
            // The version, and the variant of RFC 9562.
            let digits = Array(id)
            #expect(digits[14] == "4" && "89ab".contains(digits[19]))
        }
    }

    @Test func `measures by a time that only goes forward, and draws lots from 0 to 1`() {
        var last = HostSystem.current.uptime()
        for _ in 0..<100 {
            let now = HostSystem.current.uptime()
            #expect(now >= last)
            last = now
            #expect((0...1).contains(HostSystem.current.random()))
        }
    }

    @Test func `does not wait for a command or a sleep when its task is cancelled`() async {
        let waits: [@Sendable () async throws -> Void] = [
            { try await HostSystem.current.sleep(.seconds(3600)) },
            { _ = try await HostSystem.current.shell("sleep 3") },
        ]
        for wait in waits {
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                try await wait()
            }
            await #expect(throws: CancellationError.self) { try await task.value }
        }
    }
}
