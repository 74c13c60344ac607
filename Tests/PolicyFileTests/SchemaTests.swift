import Foundation
import PolicyFile
import TestSupport
import Testing
import Yams

private let python: String? = {
    let path =
        ProcessInfo.processInfo.environment["SG_REVERT_PYTHON"] ?? repository.appending(path: ".venv/bin/python").path
    return FileManager.default.isExecutableFile(atPath: path) ? path : nil
}()

/// The schema for editors and the parser say the same of every file whose errors a schema can express.
@Suite(.enabled(if: python != nil, "needs the Python of scripts/test"))
struct SchemaTests {
    /// For each key good texts, and bad ones that a schema can tell: not reversed ranges, or days that no month has.
    private static let watch = [
        "groups": (["[sg-0a1b2c3d]", "sg-0a1b2c3d", "[]"], ["[sg-1]", "[[]]", "~", "{}", "[SG-0a1b2c3d]"]),
        "names": (["[\"web-*\", default]", "x", "[]"], ["~", "{}", "[[]]"]),
        "action": (["revert", "report"], ["alert", "[revert]", "~"]),
        "baseline": (["first-sight", "policy"], ["none", "~"]),
        "vpcs": (["[vpc-0a1b2c3d]"], ["[0]", "[sg-0a1b2c3d]"]),
        "tags": (["{a: b, c: 5, d: true, e: \"\"}", "{}"], ["x", "{a: }", "{a: []}", "[a]"]),
        "accounts": (["[111122223333]", "\"012345678901\""], ["[12]", "[x]"]),
        "regions": (["[eu-west-1, us-gov-east-1]"], ["[eu-west]", "[1]", "[EU-west-1]"]),
        "changes": (["[ingress-added, rule-modified]", "egress-removed", "[]"], ["[all]", "[1]", "~"]),
    ]
    private static let allow = [
        "name": (["x", "5", "true"], ["[]", "~", "\"\""]),
        "direction": (["ingress", "egress"], ["both", "[ingress]", "~"]),
        "protocol": (
            [
                "tcp", "tcp\n    ports: 443", "6\n    ports: [80, 0-65535]", "udp\n    ports: 8000-8100", "icmp",
                "\"17\"\n    ports: \"7\"", "icmpv6\n    ports: [3/4, 8]", "\"1\"\n    ports: 8", "-1", "all", "50",
            ],
            [
                "TCP", "256", "x", "[tcp]", "all\n    ports: 5", "50\n    ports: 5", "tcp\n    ports: x",
                "tcp\n    ports: -1", "udp\n    ports: 1-2-3", "tcp\n    ports: []", "tcp\n    ports: ~",
                "tcp\n    ports: 3.5", "tcp\n    ports: 3/4", "icmp\n    ports: 256", "icmp\n    ports: 8-9",
            ]
        ),
        "sources": (
            [
                "[10.0.0.0/8, 2001:db8::/32]", "self", "[pl-0a1b2c3d, sg-0a1b2c3d]", "\"::/0\"", "192.0.2.1",
                "[any-group, any-prefix-list]",
            ],
            ["[]", "any", "public", "[300.0.0.0/8]", "[10.0.0.0/33]", "[sg-1]", "~", "[1]"]
        ),
    ]
    private static let forbid = {
        var keys = allow
        keys["sources"] = (["[public, 10.0.0.0/8]", "any-group", "self"], ["[]", "any", "~", "[1]"])
        keys["wider_than"] = (
            ["{ipv4: 24}", "{ipv4: 1, ipv6: \"128\"}"],
            ["{}", "24", "{ipv4: 0}", "{ipv6: 129}", "{ip: 1}", "{ipv4: x}"]
        )
        return keys
    }()
    private static let exempt = [
        "invoked_by": (["[eks.amazonaws.com]", "\"*\"", "[]"], ["{}", "~"]),
        "source_identity": (["[mia, tom]", "m?a"], ["[[]]", "~"]),
        "then": (["revert", "leave"], ["stay", "[leave]"]),
        "remind": (["15m", "90s", "30d"], ["15", "m", "0m", "1.5h", "~"]),
        "name": (["x"], ["~"]), "groups": (["[sg-0a1b2c3d]"], ["[x]"]),
        "principals": (["[\"arn:*\"]", "x", "[]"], ["{}", "[[]]", "~"]),
        "until": (["2026-12-01T00:00:00Z", "2026-12-01 00:00:00.5+01:00"], ["2026-12-01", "x", "[]", "5"]),
    ]
    private static let limits = [
        "reverts_per_rule_per_hour": (["5", "\"5\""], ["0", "x", "1.5", "[5]"]),
        "reverts_per_group_per_hour": (["200"], ["0", "~"]), "reverts_per_hour": (["1000000"], ["1000001", "-1"]),
    ]
    private static let notify = [
        "topic_arn": (
            ["arn:aws:sns:eu-west-1:111122223333:t"],
            [
                "x", "arn:aws:sqs:eu-west-1:111122223333:t", "arn:aws:sns:eu-west-1:111122223333:t.fifo",
            ]
        ),
        "outcomes": (["[reverted, dead-lettered]", "failed", "not-restored"], ["[revert]", "~"]),
    ]

    @Test func `parser and schema accept the same files`() throws {
        var random = SeededGenerator(seed: 1)
        var texts = (0..<600).map { _ in Self.document(&random) }
        texts.append(try String(contentsOf: repository.appending(path: "infra/policy.example.yaml"), encoding: .utf8))
        texts += ["version: 1\nwatch: {}", "version: \"1\"\nwatch: []", "version: 2\nwatch: []", "watch: []", "[]"]
        let start = "version: 1\nwatch: []\n"
        texts += [
            "allow: [{ports: 443, sources: self}]", "notify: {on: failed}", "notify: {on: failed, outcomes: failed}",
            "exempt: [{invoked_by: eks.amazonaws.com}]", "exempt: [{name: x}]", "expand_prefix_lists: true",
            "expand_prefix_lists: \"false\"", "expand_prefix_lists: maybe", "forbid: {}", "forbid: [{}]",
        ].map { start + $0 }
        let parsed = texts.map { (try? PolicyDocument(text: $0, path: "")) != nil }
        let validated = try Self.validate(texts)
        try #require(validated.count == texts.count)
        for (index, text) in texts.enumerated() {
            #expect(parsed[index] == validated[index], "parser \(parsed[index]):\n\(text)")
        }
        // Files that nearly all fail, or nearly all pass, would compare nothing.
        #expect((150...550).contains(parsed.count { $0 }))
    }

    private static func document(_ random: inout SeededGenerator) -> String {
        // One bad value in a file: two could hide that one of them is not seen.
        var badness = Int.random(in: 0..<80, using: &random)
        func section(
            _ name: String,
            _ keys: [String: ([String], [String])],
            isList: Bool,
            _ needed: String? = nil
        ) -> String {
            var lines: [String] = []
            for (key, values) in keys.sorted(by: { $0.key < $1.key }) {
                badness -= 1
                guard key == needed || badness == 0 || Bool.random(using: &random) else { continue }
                let pool = badness == 0 ? values.1 : values.0
                lines.append("\(key): \(pool[Int.random(in: pool.indices, using: &random)])")
            }
            badness -= 1
            if badness == 0 { lines.append("unknown: 1") }
            badness -= 1
            if badness == 0 { lines.removeAll { $0.hasPrefix("\(needed ?? "-"):") } }
            guard !lines.isEmpty else { return "\(name): \(isList ? "[{}]" : "{}")\n" }
            return "\(name):\n"
                + lines.enumerated().map { "  \(isList ? ($0 == 0 ? "- " : "  ") : "")\($1)\n" }.joined()
        }
        return "version: 1\n" + section("watch", watch, isList: true) + section("allow", allow, isList: true, "sources")
            + section("forbid", forbid, isList: true) + section("exempt", exempt, isList: true, "principals")
            + section("limits", limits, isList: false)
            + section("notify", notify, isList: false)
    }

    /// Whether each of the documents is valid, by the schema.
    private static func validate(_ texts: [String]) throws -> [Bool] {
        let documents = try texts.map { json(try #require(try compose(yaml: $0))) }
        let script = """
            import json, sys, jsonschema
            validator = jsonschema.Draft7Validator(json.load(open(sys.argv[1])))
            validator.check_schema(validator.schema)
            json.dump([validator.is_valid(document) for document in json.load(sys.stdin)], sys.stdout)
            """
        let result = try ChildProcess.run(
            URL(filePath: try #require(python)),
            ["-c", script, repository.appending(path: "infra/policy.schema.json").path],
            input: String(decoding: try JSONSerialization.data(withJSONObject: documents), as: UTF8.self)
        )
        return try JSONDecoder().decode([Bool].self, from: Data(result.output.utf8))
    }

    /// The value as an editor sees it, by YAML 1.2's core schema.
    private static func json(_ node: Node) -> Any {
        switch node {
        case .mapping(let mapping):
            return Dictionary(uniqueKeysWithValues: mapping.map { ($0.scalar?.string ?? "", json($1)) })
        case .sequence(let sequence): return sequence.map(json)
        case .alias: return NSNull()
        case .scalar(let scalar):
            guard scalar.style == .plain else { return scalar.string }
            if ["", "~", "null"].contains(scalar.string) { return NSNull() }
            if let truth = Bool(scalar.string) { return truth }
            if scalar.string.wholeMatch(of: /-?[0-9]+/) != nil { return Int(scalar.string) ?? 0 }
            if scalar.string.wholeMatch(of: /-?[0-9]+\.[0-9]+/) != nil { return Double(scalar.string) ?? 0 }
            return scalar.string
        }
    }
}
