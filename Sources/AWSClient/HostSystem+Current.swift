import Dispatch
import Foundation

extension HostSystem {
    /// The machine on which the process runs.
    package static let current = HostSystem(
        now: { Date() },
        sleep: { try await Task.sleep(for: $0) },
        random: { Double.random(in: 0...1) },
        makeID: { randomID() },
        readFile: { try SettingsFile.read($0) },
        writeFile: { path, bytes in try replaceFile(path, bytes) },
        addresses: { name in (try? await blocking { Host(name: name).addresses }) ?? [] },
        shell: { command in try await blocking { try ShellCommand(line: command).run() } },
        uptime: { origin.duration(to: .now) }
    )

    /// Ends every shell command that still runs. It is for the end of the process.
    package static func endCommands() {
        ShellCommand.killRunning()
    }

    private static let origin = ContinuousClock.now

    /// A random UUID. Foundation's function opens a file for each one.
    private static func randomID() -> String {
        var generator = SystemRandomNumberGenerator()
        let high = generator.next() & ~0xF000 | 0x4000
        let low = generator.next() & ~(0b11 << 62) | 0b10 << 62
        let digits = [high, low].map { value in
            let text = String(value, radix: 16)
            return String(repeating: "0", count: 16 - text.utf8.count) + text
        }
        let (first, second) = (digits[0], digits[1])
        return "\(first.prefix(8))-\(first.dropFirst(8).prefix(4))-\(first.suffix(4))-"
            + "\(second.prefix(4))-\(second.dropFirst(4))"
    }

    private static func replaceFile(_ path: String, _ bytes: [UInt8]) throws {
        let (files, draft) = (FileManager.default, "\(path).\(UUID().uuidString)")
        guard files.createFile(atPath: draft, contents: Data(bytes), attributes: [.posixPermissions: 0o600]),
            unsafe rename(draft, path) == 0
        else {
            try? files.removeItem(atPath: draft)
            throw CocoaError(.fileWriteUnknown)
        }
    }

    /// Runs blocking work on a thread of its own, not on one of the few threads that run tasks. A caller that is
    /// cancelled does not wait for it.
    private static func blocking<Value: Sendable>(
        _ work: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        let promise = Promise<Value>()
        DispatchQueue.global().async { promise.settle(Result { try work() }) }
        return try await promise.value()
    }
}
