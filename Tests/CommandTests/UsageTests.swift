import ArgumentParser
import Foundation
import Testing

@testable import sg_revert

/// Every command says what it is for, and what is wrong with how it was called, before it does anything.
@Suite struct UsageTests {
    private let folder: AuditFolder

    init() throws {
        folder = try AuditFolder()
    }

    /// Every command that does something, by the words that call it.
    private static var commands: [[String]] {
        func paths(_ command: any ParsableCommand.Type, _ words: [String]) -> [[String]] {
            let known = command.configuration.subcommands
            return known.isEmpty ? [words] : known.flatMap { paths($0, words + [$0.configuration.commandName ?? ""]) }
        }
        return paths(SgRevert.self, [])
    }

    @Test func `there are as many commands as the contract has`() {
        #expect(
            Set(Self.commands.map { $0.joined(separator: " ") }) == [
                "worker", "dlq list", "dlq show", "dlq replay", "dlq discard", "audit query", "audit show",
                "audit stats",
                "audit report", "audit verify", "audit export", "audit backup", "audit prune", "policy check",
                "policy explain", "sweep", "baseline show", "baseline approve", "baseline forget", "exempt list",
                "exempt add", "exempt end", "test-event", "health", "doctor",
            ]
        )
    }

    @Test(arguments: UsageTests.commands)
    func `its help is on stdout, with every flag explained`(_ command: [String]) async throws {
        let result = try await folder.run(command + ["--help"])
        #expect(result.status == 0 && result.errors == "")
        #expect(
            result.output.hasPrefix("OVERVIEW: ")
                && result.output.contains("USAGE: sg-revert \(command.joined(separator: " "))")
        )
        // A flag without words stands alone in its line.
        let lines = result.output.split(separator: "\n").drop { !$0.hasSuffix("OPTIONS:") }
        let bare = lines.indices.filter { index in
            let line = lines[index].trimmingCharacters(in: .whitespaces)
            let next = index + 1 < lines.endIndex ? lines[index + 1] : ""
            return line.hasPrefix("--") && !line.contains("  ") && !next.hasPrefix("          ")
        }
        #expect(bare.isEmpty, "\(bare.map { lines[$0] })")
    }

    @Test(arguments: UsageTests.commands)
    func `a flag that it does not have is one line and exit 64`(_ command: [String]) async throws {
        let result = try await folder.run(command + ["--no-such-flag"])
        #expect(result.status == 64 && result.output == "")
        #expect(
            result.errors.hasPrefix("sg-revert: ") && result.errors.split(separator: "\n").count == 1,
            "\(result.errors)"
        )
    }

    @Test func `the version is a number and says of which commit it is`() async throws {
        let result = try await folder.run(["--version"])
        #expect(result.status == 0 && result.output == "\(Version.text)\n")
        #expect(Version.text.hasPrefix("\(Version.number) ("))
        #expect(Version.userAgent.hasPrefix(Version.number))
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func `a shell gets its completions`(shell: String) async throws {
        let result = try await folder.run(["--generate-completion-script", shell])
        #expect(result.status == 0 && result.errors == "")
        #expect(result.output.contains("sg-revert") && result.output.contains("exempt"))
    }

    @Test(arguments: [
        (["dlq", "replay", "--rate", "0"], "--rate must be a number of 0.001 or more"),
        (["dlq", "list", "--limit", "0"], "--limit must be 1 or more"),
        (["dlq", "list", "--reason", "bored"], "--reason: \"bored\" is not one of not-json, no-event-id"),
        (["dlq", "list", "--older-than", "soon"], "--older-than: \"soon\" is neither a duration"),
        (["audit", "query", "--outcome", "fine"], "--outcome: \"fine\" is not one of reverted, unchanged"),
        (
            ["audit", "query", "--since", "2026-02-30T00:00:00Z"],
            "--since: \"2026-02-30T00:00:00Z\" is neither a duration"
        ),
        (["policy", "check", "a.yaml", "--policy", "b.yaml"], "give the policy as FILE or as --policy"),
        (["policy", "explain", "--event", "-", "--tag", "x"], "--tag: \"x\" is not KEY=VALUE"),
        (["sweep", "--group", "web"], "--group: \"web\" is not a security group id, such as sg-0a1b2c3d4e5f60718"),
        (["health", "--http-address", "9090"], "--http-address: \"9090\" is not host:port"),
    ])
    func `what a flag cannot mean is one line that begins with the flag's trouble`(
        arguments: [String],
        line: String
    ) async throws {
        let result = try await folder.run(arguments)
        #expect(result.status == 64 && result.output == "")
        #expect(result.errors.hasPrefix("sg-revert: \(line)"), "\(result.errors)")
        #expect(result.errors.split(separator: "\n").count == 1)
    }
}
