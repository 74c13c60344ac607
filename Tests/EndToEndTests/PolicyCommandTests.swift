import Foundation
import Testing

extension EndToEnd {
    /// `policy check` and `policy explain`, which ask nobody.
    @Suite(.serialized) final class PolicyCommandTests {
        private let folder: URL

        init() throws {
            folder = FileManager.default.temporaryDirectory.appendingPathComponent("sg-revert-\(UUID())")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        }

        deinit {
            try? FileManager.default.removeItem(at: folder)
        }

        private func write(_ text: String, to name: String) throws {
            try text.write(to: folder.appendingPathComponent(name), atomically: true, encoding: .utf8)
        }

        private func run(_ arguments: String..., environment: [String: String] = [:]) async throws -> Program.Result {
            try await Program.run(["policy"] + arguments, environment: environment, in: folder)
        }

        private static let good = """
            version: 1
            watch: [{ groups: [sg-0a1b2c3d] }]
            allow: [{ name: all, sources: [0.0.0.0/0] }]
            """

        private func record(_ id: String, from block: String) -> String {
            #"{"eventID":"\#(id)","eventSource":"ec2.amazonaws.com","eventName":"AuthorizeSecurityGroupIngress","#
                + #""awsRegion":"eu-west-1","requestParameters":{"groupId":"sg-0a1b2c3d","ipProtocol":"tcp","#
                + #""fromPort":22,"toPort":22,"cidrIp":"\#(block)"},"responseElements":{"_return":true}}"#
        }

        @Test func `errors are 2, warnings 0, and 2 where they count as errors`() async throws {
            try write(Self.good, to: "warned.yaml")
            try write("version: 1\nwach: []\nwatch: 5", to: "wrong.yaml")
            let wrong = try await run("check", "wrong.yaml")
            #expect(wrong.exitCode == 2)
            #expect(
                wrong.output == """
                    wrong.yaml:2:1: unknown key "wach" in the policy; did you mean "watch"?
                    wrong.yaml:3:8: watch must be a list

                    """
            )
            #expect(wrong.errors == "sg-revert: wrong.yaml: 2 errors, 0 warnings\n")
            let warned = try await run("check", environment: ["SG_REVERT_POLICY": "warned.yaml"])
            #expect(warned.exitCode == 0)
            #expect(warned.output.hasPrefix("warned.yaml:3:32: warning: 0.0.0.0/0 lets the whole internet in"))
            #expect(try await run("check", "--strict", "--policy", "warned.yaml").exitCode == 2)
            #expect(try await run("check").exitCode == 78)
        }

        @Test func `problems are printed in every format`() async throws {
            try write("version: 1\nwatch: 5", to: "wrong.yaml")
            let found = try await run("check", "wrong.yaml", "--format", "json")
            #expect(
                try JSON(parsing: found.output)
                    == .array([
                        .object([
                            "file": .text("wrong.yaml"), "line": .number(2), "column": .number(8),
                            "severity": .text("error"), "message": .text("watch must be a list"),
                        ])
                    ])
            )
        }

        @Test func `the answer is an array, whatever the file looks like`() async throws {
            try write(Self.good, to: "policy.yaml")
            try write(record("e-1", from: "192.0.2.0/24"), to: "one.json")
            try write("[\(record("e-1", from: "192.0.2.0/24"))]", to: "array.json")
            try write("\(record("e-1", from: "192.0.2.0/24"))\n\(record("e-2", from: "::/0"))\n", to: "two.jsonl")
            let single = try JSON(
                parsing: try await run("explain", "--event", "one.json", "policy.yaml", "--format", "json").output
            )
            #expect(single.items.count == 1)
            let one = try #require(single.items.first)
            #expect(one["decision"] == .text("allow"))
            #expect(one["reason"] == .text(#"policy.yaml:3 allow "all""#))
            #expect(one.keys == ["event_id", "decision", "reason", "rules"])
            #expect(one["rules"].items.map { $0["source"] } == [.text("192.0.2.0/24")])
            let array = try await run("explain", "--event", "array.json", "policy.yaml", "--format", "json")
            #expect(try JSON(parsing: array.output) == .array([one]))
            #expect(array.errors.contains("a queue message of that shape would be a dead letter"))
            let two = try await run("explain", "--event", "two.jsonl", "--policy", "policy.yaml", "--format", "json")
            #expect(try JSON(parsing: two.output).items.map { $0["decision"] } == [.text("allow"), .text("revert")])
        }

        @Test func `groups are a policy too`() async throws {
            try write(record("e-1", from: "192.0.2.0/24"), to: "one.json")
            let found = try await run("explain", "--event", "one.json", "--group", "sg-0a1b2c3d", "--format", "csv")
            let lines = found.output.split(whereSeparator: \.isNewline)
            #expect(lines.last == "e-1,,sg-0a1b2c3d,ingress,tcp,22,22,192.0.2.0/24,,revert,'--group sg-0a1b2c3d")
        }

        @Test func `a file without any event is 1, and so is one with a line that is none`() async throws {
            try write("{}", to: "none.json")
            try write("\(record("e-1", from: "::/0"))\nnonsense\n", to: "half.jsonl")
            let none = try await run("explain", "--event", "none.json", "--group", "sg-0a1b2c3d")
            #expect(none.exitCode == 1)
            #expect(none.errors.hasPrefix("sg-revert: none.json: no CloudTrail event in it"))
            let half = try await run("explain", "--event", "half.jsonl", "--group", "sg-0a1b2c3d")
            #expect(half.exitCode == 1)
            #expect(half.output.contains("e-1"))
            #expect(half.errors.contains("1 of 2 messages are no event"))
            #expect(try await run("explain", "--event", "gone.json", "--group", "sg-0a1b2c3d").exitCode == 1)
        }

        @Test func `a policy that cannot be used is 78, in the worker as well`() async throws {
            try write("version: 1\nwatch: 5\nallow: 5", to: "wrong.yaml")
            let worker = try await Program.run(
                ["worker", "--policy", "wrong.yaml", "--queue-url", "http://127.0.0.1:9/1/q"],
                environment: ["AWS_REGION": "us-east-1"],
                in: folder
            )
            #expect(worker.exitCode == 78)
            #expect(
                worker.errorLines == [
                    "sg-revert: wrong.yaml:2:8: watch must be a list",
                    "sg-revert: wrong.yaml:3:8: allow must be a list",
                ]
            )
            #expect(try await run("explain", "--event", "x", "--policy", "wrong.yaml").exitCode == 78)
            #expect(try await run("explain", "--event", "x", "--tag", "a", "--group", "sg-0a1b2c3d").exitCode == 64)
        }
    }
}
