import Foundation
import Testing

extension EndToEnd {
    /// What is wrong with the settings is said before anything else is done: none of these reaches AWS.
    @Suite(.serialized) final class SettingsTests {
        struct Case: Sendable, CustomTestStringConvertible {
            let arguments: [String]
            var environment: [String: String] = [:]
            let exitCode: Int32
            /// What the line on stderr says.
            let says: String

            var testDescription: String { "\(arguments.joined(separator: " ")) \(environment)" }
        }

        private static let url = "https://sqs.us-east-1.amazonaws.com/123456789012/sg-revert"
        private static let group = "sg-0a1b2c3d4e5f60718"
        /// All that a worker needs.
        private static let good = ["SG_REVERT_QUEUE_URL": url, "SG_REVERT_GROUPS": group]

        private let folder: URL

        init() throws {
            folder = FileManager.default.temporaryDirectory.appendingPathComponent("sg-revert-\(UUID())")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        }

        deinit {
            try? FileManager.default.removeItem(at: folder)
        }

        private func run(_ arguments: [String], _ environment: [String: String]) async throws -> Program.Result {
            let closed = Emulator.closed.merging(["AWS_REGION": "us-east-1"]) { given, _ in given }
            return try await Program.run(arguments, environment: closed.merging(environment) { $1 }, in: folder)
        }

        private func expect(_ each: Case) async throws {
            let result = try await run(each.arguments, each.environment)
            #expect(result.exitCode == each.exitCode)
            #expect(result.errorLines.count == 1, "\(result.errors)")
            #expect(result.errors.contains(each.says), "\(result.errors)")
            #expect(result.output == "")
        }

        @Test(arguments: [
            Case(arguments: ["worker"], exitCode: 78, says: "set --queue-url or SG_REVERT_QUEUE_URL"),
            Case(
                arguments: ["worker", "--claims", "redis://x"],
                environment: good,
                exitCode: 64,
                says: "--claims: \"redis://x\" is not dynamodb://TABLE"
            ),
            Case(
                arguments: ["worker"],
                environment: good.merging(["SG_REVERT_CLAIMS": "dynamodb://a/b"]) { $1 },
                exitCode: 78,
                says: "SG_REVERT_CLAIMS: \"dynamodb://a/b\" is not dynamodb://TABLE"
            ),
            Case(arguments: ["dlq", "list"], exitCode: 78, says: "set --queue-url or SG_REVERT_QUEUE_URL"),
            Case(
                arguments: ["worker"],
                environment: ["SG_REVERT_QUEUE_URL": " \t", "SG_REVERT_GROUPS": group],
                exitCode: 78,
                says: "set --queue-url or SG_REVERT_QUEUE_URL"
            ),
            Case(
                arguments: ["worker", "--queue-url", url],
                exitCode: 78,
                says: "set --group or SG_REVERT_GROUPS"
            ),
        ])
        func `what must be set and is not`(_ each: Case) async throws {
            try await expect(each)
        }

        @Test(arguments: [
            ("--queue-url", "not a url", "SG_REVERT_QUEUE_URL"),
            ("--dead-letter-queue-url", "ftp://example.com/x", "SG_REVERT_DEAD_LETTER_QUEUE_URL"),
            ("--group", "sg-web", "SG_REVERT_GROUPS"), ("--topic-arn", "sg-revert", "SG_REVERT_TOPIC_ARN"),
            ("--concurrency", "0", "SG_REVERT_CONCURRENCY"), ("--concurrency", "many", "SG_REVERT_CONCURRENCY"),
            ("--wait-seconds", "21", "SG_REVERT_WAIT_SECONDS"), ("--wait-seconds", "1.5", "SG_REVERT_WAIT_SECONDS"),
            ("--settle-seconds", "15s", "SG_REVERT_SETTLE_SECONDS"),
            ("--shutdown-seconds", "99999", "SG_REVERT_SHUTDOWN_SECONDS"),
            ("--log-level", "loud", "SG_REVERT_LOG_LEVEL"), ("--log-format", "xml", "SG_REVERT_LOG_FORMAT"),
        ])
        func `a value that cannot be read is 64 for a flag and 78 for a variable, and names where it was set`(
            flag: String,
            value: String,
            variable: String
        ) async throws {
            try await expect(
                Case(arguments: ["worker", flag, value], environment: Self.good, exitCode: 64, says: flag)
            )
            let environment = Self.good.merging([variable: value]) { $1 }
            try await expect(Case(arguments: ["worker"], environment: environment, exitCode: 78, says: variable))
        }

        @Test(arguments: ["ture", "0.5", "-"])
        func `a mistyped dry run is not a run in earnest`(value: String) async throws {
            let environment = Self.good.merging(["SG_REVERT_DRY_RUN": value]) { $1 }
            try await expect(
                Case(arguments: ["worker"], environment: environment, exitCode: 78, says: "SG_REVERT_DRY_RUN")
            )
        }

        @Test(arguments: [
            Case(arguments: ["worker", "--que-url", url], exitCode: 64, says: "--que-url"),
            Case(arguments: ["worker", "--queue-url"], exitCode: 64, says: "--queue-url"),
            Case(arguments: ["wroker"], exitCode: 64, says: "wroker"),
            Case(arguments: ["dlq", "list", "--format", "xml"], exitCode: 64, says: "xml"),
            Case(arguments: ["dlq", "replay", "--reason", "bad-luck"], exitCode: 64, says: "gave-up"),
            Case(arguments: ["audit", "query", "--outcome", "good"], exitCode: 64, says: "reverted"),
            Case(arguments: ["audit", "query", "--since", "yesterday"], exitCode: 64, says: "yesterday"),
            Case(arguments: ["audit", "query", "--limit", "-1"], exitCode: 64, says: "--limit"),
        ])
        func `wrong usage is one line and exit 64`(_ each: Case) async throws {
            try await expect(each)
        }

        @Test(arguments: [
            ("queue-url: \(url)\ngruop: \(group)\n", ":2:1: unknown key \"gruop\"; did you mean \"group\"?"),
            ("queue-url: \(url)\ngroup: [\(group), web]\n", ":2:31: \"web\" is not a security group id"),
            ("queue-url: \(url)\ngroup: \(group)\nwait-seconds: 99\n", ":3:15: \"99\" is not a whole number"),
            ("group: \(group)\ngroup: \(group)\n", ""), ("queue-url: [\n", ":2:1"), ("just words\n", ":1:1"),
        ])
        func `the configuration file's errors say where`(text: String, says: String) async throws {
            let file = folder.appendingPathComponent("sg-revert.yaml")
            try text.write(to: file, atomically: true, encoding: .utf8)
            try await expect(
                Case(arguments: ["worker", "--config", file.path], exitCode: 78, says: file.path + says)
            )
        }

        @Test func `what is no file, or not the right one, is refused`() async throws {
            let missing = folder.appendingPathComponent("none.yaml").path
            try await expect(Case(arguments: ["worker", "--config", missing], exitCode: 78, says: missing))
            try await expect(Case(arguments: ["worker", "--config", folder.path], exitCode: 78, says: folder.path))
            try await expect(
                Case(
                    arguments: ["worker", "--ledger", folder.path],
                    environment: Self.good,
                    exitCode: 78,
                    says: "\(folder.path): this is a directory"
                )
            )
            let other = folder.appendingPathComponent("notes.db")
            try String(repeating: "not a database\n", count: 100).write(to: other, atomically: true, encoding: .utf8)
            try await expect(
                Case(
                    arguments: ["worker", "--ledger", other.path],
                    environment: Self.good,
                    exitCode: 78,
                    says: "\(other.path): this is not a ledger"
                )
            )
        }

        @Test func `a Region or an endpoint that cannot be is a wrong setting`() async throws {
            let environment = Self.good.merging(["AWS_REGION": "atlantis-1"]) { $1 }
            try await expect(Case(arguments: ["worker"], environment: environment, exitCode: 78, says: "atlantis-1"))
            for (flag, value) in [("--region", "atlantis-1"), ("--endpoint-url", "http://example.com")] {
                try await expect(
                    Case(arguments: ["worker", flag, value], environment: Self.good, exitCode: 64, says: flag)
                )
            }
        }

        @Test func `a query of a ledger that is not there makes none`() async throws {
            let ledger = folder.appendingPathComponent("none.db").path
            try await expect(
                Case(
                    arguments: ["audit", "query", "--ledger", ledger],
                    exitCode: 1,
                    says: "\(ledger): there is no ledger"
                )
            )
            #expect(!FileManager.default.fileExists(atPath: ledger))
        }
    }
}
