import Foundation
import Ledger
import SecurityGroups
import Testing

/// The audit commands, run as their users run them.
@Suite struct AuditCommandTests {
    let folder: AuditFolder

    init() throws {
        folder = try AuditFolder()
    }

    @Test func `several ledgers are read as one`() async throws {
        let (first, second) = (try await folder.ledger("a"), try await folder.ledger("b", outcome: .failed))
        for ledgers in [[first, second], [second, first]] {
            let result = try await folder.run(
                ["audit", "query", "--format", "jsonl"] + ledgers.flatMap { ["--ledger", $0] }
            )
            #expect(result.status == 0 && result.errors == "")
            let events = try result.output.split(separator: "\n").map { try object(String($0)) }
            #expect(events.map { $0["outcome"] as? String } == ["reverted"])
            #expect((events.first?["rules"] as? [Any])?.count == 1)
        }
    }

    @Test func `a reader that has seen enough ends it without a word`() async throws {
        let path = try await folder.ledger("a", events: 400)
        let result = try await folder.run(
            ["-c", "set -o pipefail; \"$0\" audit query --format jsonl --ledger \"$1\" | head -n 1", "$program", path],
            program: "/bin/bash"
        )
        #expect(result.status == 0 && result.errors == "" && result.output.hasPrefix(#"{"event_id":"#))
    }

    @Test func `the whole story is one screen, or one object`() async throws {
        let path = try await folder.ledger("a")
        let table = try await folder.run(["audit", "show", "e0", "--ledger", path])
        for part in [
            "reverted: AuthorizeSecurityGroupIngress on sg-1", "watch[0]", "aws ec2 authorize", "RevokeSecurity", "r1",
        ] {
            #expect(table.output.contains(part), "\(part)")
        }
        #expect(table.status == 0 && table.output.split(separator: "\n").count < 40)
        let json = try object(
            try await folder.run(["audit", "show", "e0", "--ledger", path, "--format", "json"]).output
        )
        #expect(json["event_id"] as? String == "e0")
        for key in ["rules", "runs", "notifications"] { #expect(json[key] is [Any], "\(key)") }

        let unknown = try await folder.run(["audit", "show", "nobody", "--ledger", path])
        #expect(unknown.status == 1 && unknown.output == "" && unknown.errors.contains("no event nobody"))
    }

    @Test func `what is in order is said to be, and its head is printed and checked`() async throws {
        let path = try await folder.ledger("a")
        let anchor = try await folder.run(["audit", "verify", "--anchor", "--ledger", path]).output
        #expect(Anchor(anchor.trimmingCharacters(in: .newlines)) != nil)
        let later = try await folder.run(
            ["audit", "verify", "--ledger", path, "--anchor", anchor.trimmingCharacters(in: .newlines)]
        )
        #expect(later.status == 0 && later.output.hasPrefix("in order: 2 entries, 1 events, head 2:"))
        let other = "1:" + String(repeating: "0", count: 64)
        let wrong = try await folder.run(["audit", "verify", "--ledger", path, "--anchor", other])
        #expect(wrong.status == 2 && wrong.output == "" && wrong.errors.contains("entry 1 is not the one"))
        let bad = try await folder.run(["audit", "verify", "--ledger", path, "--anchor", "1:x"])
        #expect(bad.status == 64)
    }

    @Test func `what was altered is named, with exit code 2`() async throws {
        let path = try await folder.ledger("a")
        // One digit of the exposure, in the row and in the trail.
        let file = URL(fileURLWithPath: path)
        var bytes = try Data(contentsOf: file)
        let range = try #require(bytes.range(of: Data(#""exposed_ms":1500"#.utf8)))
        bytes[range.upperBound - 4] = UInt8(ascii: "9")
        try bytes.write(to: file)
        let result = try await folder.run(["audit", "verify", "--ledger", path])
        #expect(result.status == 2 && result.output == "")
        #expect(result.errors.hasPrefix("sg-revert: entry 2 cannot be read: it was altered\n"))
    }

    @Test func `a prune says what it would do until told to`() async throws {
        let path = try await folder.ledger("a", age: 40 * 86_400)
        let young = try await folder.run(["audit", "prune", "--older-than", "23h", "--ledger", path])
        #expect(young.status == 64 && young.output == "")
        let asked = try await folder.run(["audit", "prune", "--older-than", "30d", "--ledger", path])
        #expect(asked.status == 0 && asked.output == "would drop 1 events (--yes: drop them)\n")
        let done = try await folder.run(["audit", "prune", "--older-than", "30d", "--ledger", path, "--yes"])
        // The trail's last entry stays, and with it its event.
        #expect(done.status == 0 && done.output.hasPrefix("dropped "))
        #expect(try await folder.run(["audit", "verify", "--ledger", path]).status == 0)
        let missing = try await folder.run(["audit", "prune", "--older-than", "30d", "--yes", "--ledger", path + "x"])
        #expect(missing.status == 1 && !FileManager.default.fileExists(atPath: path + "x"))
    }

    @Test func `an export is a line for each event, or for each entry of the trail`() async throws {
        let path = try await folder.ledger("a", events: 3)
        let events = try await folder.run(["audit", "export", "--ledger", path]).output.split(separator: "\n")
        #expect(try events.map { try object(String($0))["event_id"] as? String } == ["e2", "e1", "e0"])
        let trail = try await folder.run(["audit", "export", "--trail", "--ledger", path]).output.split(separator: "\n")
        let entries = try trail.map { try object(String($0)) }
        #expect(entries.map { $0["seq"] as? Int } == [1, 2, 3, 4, 5, 6])
        #expect(entries.allSatisfy { ($0["hash"] as? String)?.count == 64 && $0["entry"] is [String: Any] })
    }

    @Test func `a backup is verified, and a file that is there stays`() async throws {
        let path = try await folder.ledger("a")
        let copy = folder.path("copy.db")
        let result = try await folder.run(["audit", "backup", copy, "--ledger", path])
        #expect(result.status == 0 && result.output.contains("2 entries, 1 events, verified, head 2:"))
        #expect(try await folder.run(["audit", "verify", "--ledger", copy]).status == 0)
        let again = try await folder.run(["audit", "backup", copy, "--ledger", path])
        #expect(again.status == 1 && again.errors.contains("there is a file already"))
    }

    @Test func `sums are the same as text, object and rows; bars are for terminals`() async throws {
        let path = try await folder.ledger("a", events: 3)
        let text = try await folder.run(["audit", "stats", "--ledger", path]).output
        #expect(
            text.contains("3 events\nexposure: median 1.5 s") && text.contains("3  reverted") && !text.contains("█")
        )
        let json = try object(try await folder.run(["audit", "stats", "--ledger", path, "--format", "json"]).output)
        #expect(json["events"] as? Int == 3 && json["exposed_ms_median"] as? Int == 1500)
        #expect((json["hours"] as? [Any])?.count == 24)
        let rows = try await folder.run(["audit", "stats", "--ledger", path, "--format", "csv"]).output
        #expect(rows.hasPrefix("section,name,events,exposed_ms\r\noutcomes,reverted,3,\r\n"))
        #expect(rows.contains("actors,arn:aws:iam::111122223333:role/dev,3,4500\r\n"))
        let none = try await folder.run(["audit", "stats", "--ledger", path, "--outcome", "failed"])
        #expect(none.status == 0 && none.output.hasPrefix("0 events\n"))
    }

    private func object(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }
}
