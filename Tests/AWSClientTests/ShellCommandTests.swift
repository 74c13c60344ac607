import Foundation
import Testing

@testable import AWSClient

@Suite struct ShellCommandTests {
    @Test(arguments: [("printf 'a b'; echo no >&2; exit 3", 3), ("kill -9 $$", 137)])
    func `hears output and status alone`(line: String, status: Int32) throws {
        let result = try ShellCommand(line: line).run()
        #expect(result.status == status)
        #expect(String(decoding: result.output, as: UTF8.self) == (status == 3 ? "a b" : ""))
    }

    @Test func `does not wait for a grandchild that holds the pipe, and kills it`() throws {
        let start = ContinuousClock.now
        let result = try ShellCommand(line: "sleep 300 & echo $!").run()
        #expect(ContinuousClock.now - start < .seconds(20))
        let text = String(decoding: result.output, as: UTF8.self).trimmingWhitespace()
        let grandchild = try #require(pid_t(text))
        for _ in 0..<500 where isAlive(grandchild) { usleep(10_000) }
        #expect(!isAlive(grandchild))
    }

    @Test func `kills the whole group at the bound`() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path()
        defer { try? FileManager.default.removeItem(atPath: path) }
        let command = ShellCommand(line: "sleep 301 & echo $! > \(path); wait", timeout: .milliseconds(300))
        #expect(throws: ShellCommand.Failure.timedOut(after: .milliseconds(300))) { try command.run() }
        let text = try String(contentsOfFile: path, encoding: .utf8).trimmingWhitespace()
        let grandchild = try #require(pid_t(text))
        for _ in 0..<500 where isAlive(grandchild) { usleep(10_000) }
        #expect(!isAlive(grandchild))
    }

    @Test func `bounds the output`() throws {
        let command = ShellCommand(line: "yes", maximumOutput: 100_000)
        #expect(throws: ShellCommand.Failure.tooMuchOutput(limit: 100_000)) { try command.run() }
        let whole = try ShellCommand(line: "head -c 99999 /dev/zero", maximumOutput: 100_000).run()
        #expect(whole.output.count == 99_999)
    }

    @Test func `leads a group of its own, and inherits no file and no blocked signal`() throws {
        let result = try ShellCommand(
            line: "cut -d' ' -f5 /proc/$$/stat; echo $$; ls /proc/$$/fd | tr '\\n' ' '; grep SigBlk /proc/self/status"
        ).run()
        let lines = String(decoding: result.output, as: UTF8.self).split(separator: "\n")
        try #require(lines.count == 3)
        #expect(lines[0] == lines[1])
        #expect(lines[2].hasPrefix("0 1 2 "))
        #expect(lines[2].hasSuffix("0000000000000000"))
    }

    /// Whether the process runs: one that is dead and not yet waited for does not.
    private func isAlive(_ process: pid_t) -> Bool {
        let status = (try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)) ?? ""
        return !status.isEmpty && !status.contains(") Z ")
    }
}
