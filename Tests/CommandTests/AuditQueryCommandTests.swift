import Foundation
import Ledger
import Testing

/// How much a query shows, in which columns, and what it says beside.
@Suite struct AuditQueryCommandTests {
    private let folder: AuditFolder

    init() throws {
        folder = try AuditFolder()
    }

    private func query(
        _ path: String,
        _ arguments: String...
    ) async throws -> (status: Int32, output: String, errors: String) {
        try await folder.run(["audit", "query", "--ledger", path] + arguments)
    }

    @Test func `a table shows a hundred rows and says how many more there are; the other formats show all`()
        async throws
    {
        let path = try await folder.ledger("a", events: 105)
        let table = try await query(path)
        #expect(table.output.split(separator: "\n").count == 101)
        #expect(table.errors == "sg-revert: 5 more (--limit 0: all)\n" && table.status == 0)
        #expect(try await query(path, "--limit", "0").output.split(separator: "\n").count == 106)
        let lines = try await query(path, "--format", "jsonl")
        #expect(lines.output.split(separator: "\n").count == 105 && lines.errors == "")
        let few = try await query(path, "--format", "jsonl", "--limit", "3")
        #expect(few.output.split(separator: "\n").count == 3 && few.errors == "")
    }

    @Test func `what several ledgers have in common is counted once`() async throws {
        let (one, two) = (try await folder.ledger("a", events: 4), try await folder.ledger("b", events: 6))
        let result = try await folder.run(["audit", "query", "--ledger", one, "--ledger", two, "--limit", "2"])
        #expect(result.errors == "sg-revert: 4 more (--limit 0: all)\n")
    }

    @Test func `where nothing matches a table is empty and says so, and json is an empty array`() async throws {
        let path = try await folder.ledger("a")
        let table = try await query(path, "--outcome", "failed")
        #expect(table.status == 0 && table.output == "")
        #expect(table.errors == "sg-revert: no events in the ledger match\n")
        let rules = try await query(path, "--outcome", "failed", "--rules")
        #expect(rules.errors == "sg-revert: no rules in the ledger match\n")
        let json = try await query(path, "--outcome", "failed", "--format", "json")
        #expect(json.output == "[]\n" && json.errors == "")
    }

    @Test func `with --rules there is a line for each rule, with the columns of the view`() async throws {
        let path = try await folder.ledger("a", events: 2)
        let csv = try await query(path, "--rules", "--format", "csv").output.components(separatedBy: "\r\n")
        #expect(csv.first == AuditRule.columns.joined(separator: ","))
        #expect(csv.dropFirst().map { $0.split(separator: ",").first.map(String.init) ?? "" } == ["e1", "e0", ""])
        let wide = try await query(path, "--rules", "--format", "wide").output
        #expect(wide.split(separator: "\n").first?.contains("undo") == true)
    }

    @Test func `columns are chosen by name, and one that does not exist finds its neighbour`() async throws {
        let path = try await folder.ledger("a")
        let chosen = try await query(path, "--columns", "event_id, outcome")
        #expect(
            chosen.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) } == [
                ["event_id", "outcome"], ["e0", "reverted"],
            ]
        )
        let csv = try await query(path, "--columns", "outcome,event_id", "--format", "csv")
        #expect(csv.output == "outcome,event_id\r\nreverted,e0\r\n")
        let wrong = try await query(path, "--columns", "event_di")
        #expect(wrong.status == 64 && wrong.output == "")
        #expect(wrong.errors.contains("there is no column \"event_di\"; did you mean event_id?"))
    }

    @Test(arguments: [
        ["--event-id", "e1"], ["--since", "2000-01-01T00:00:00Z", "--event-id", "e1"],
        ["--actor", "arn:aws:iam::111122223333:role/dev", "--event-id", "e1"],
        ["--account", "111122223333", "--region", "eu-west-1", "--group", "sg-1", "--event-id", "e1"],
    ])
    func `filters hold together`(arguments: [String]) async throws {
        let path = try await folder.ledger("a", events: 3)
        let result = try await folder.run(["audit", "query", "--ledger", path, "--format", "jsonl"] + arguments)
        #expect(result.status == 0 && result.output.split(separator: "\n").count == 1)
        #expect(result.output.hasPrefix(#"{"event_id":"e1""#))
    }

    @Test(arguments: [
        ["--account", "999988887777"], ["--region", "us-east-1"], ["--group", "sg-2"], ["--actor", "arn:x"],
        ["--until", "2000-01-01T00:00:00Z"], ["--since", "0s"], ["--event-id", "e9"],
    ])
    func `each filter leaves out what it does not mean`(arguments: [String]) async throws {
        let path = try await folder.ledger("a", events: 3)
        let result = try await folder.run(["audit", "query", "--ledger", path, "--format", "json"] + arguments)
        #expect(result.status == 0 && result.output == "[]\n")
    }

    @Test func `a text from outside is one cell, without control characters, in every format`() async throws {
        let hostile = "a\u{1B}]0;x\u{7}\u{202E}b,\"c\"\n=1"
        let path = try await folder.ledger("a", hostile: hostile)
        for format in ["table", "wide", "csv"] {
            let output = try await query(path, "--format", format).output
            #expect(
                !output.unicodeScalars.contains { $0.value == 0x1B || $0.value == 0x202E || $0.value == 7 },
                "\(format)"
            )
        }
        #expect(try await query(path).output.split(separator: "\n").count == 2)
        let json = try await query(path, "--format", "jsonl").output
        #expect(!json.contains("\u{1B}") && !json.contains("\u{202E}"))
        let event = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
        #expect((event?["event_name"] as? String) == hostile)
    }

    @Test func `a limit below nothing is wrong usage`() async throws {
        for command in [["query"], ["report"], ["stats", "--top", "0"]] {
            let limit = command.count == 1 ? ["--limit", "-1"] : []
            let result = try await folder.run(["audit"] + command + limit.map { $0 == "-1" ? "-1" : $0 })
            #expect(result.status == 64 && result.errors.hasPrefix("sg-revert: "), "\(command): \(result.errors)")
        }
    }
}
