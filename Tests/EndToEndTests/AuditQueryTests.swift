import Foundation
import GRDB
import Testing

extension EndToEnd {
    @Suite(.serialized) struct AuditQueryTests {
        /// A ledger with a reverted event, an ignored one by somebody else, and a dead letter.
        private struct History: Sendable {
            let world: World
            let reverted: JSON
            let ignored: JSON
            let dead: JSON

            static let shared = Task { try await History() }

            private init() async throws {
                world = try await World()
                var reverted = try await world.authorize(.ssh, Permission("tcp", 80...80, from: .ipv6("::/0")))
                reverted["userAgent"] = "=HYPERLINK(\"http://example.com\",\"x\")"
                reverted["eventTime"] = "2026-01-03T00:00:00Z"
                var ignored = try await world.authorize(Permission("tcp", 3389...3389, from: .ipv4("0.0.0.0/0")))
                ignored["errorCode"] = "Client.DryRunOperation"
                ignored["userIdentity"]["arn"] = "arn:aws:iam::111122223333:user/bob"
                ignored["userIdentity"]["sessionContext"] = nil
                ignored["recipientAccountId"] = "111122223333"
                ignored["eventTime"] = "2026-01-02T00:00:00Z"
                var dead = ignored
                dead["errorCode"] = nil
                dead["eventID"] = .text(UUID().uuidString)
                dead["awsRegion"] = "atlantis-1"
                dead["eventTime"] = "2026-01-01T00:00:00Z"
                for record in [dead, reverted, ignored] { try await world.send(record) }
                try await world.work()
                (self.reverted, self.ignored, self.dead) = (reverted, ignored, dead)
            }

            func query(_ arguments: String...) async throws -> String {
                let result = try await world.run(["audit", "query"] + arguments)
                #expect(result.exitCode == 0 && result.errors == "", "\(result.errors)")
                return result.output
            }
        }

        @Test func `json is an array of events, newest first, each with its rules`() async throws {
            let history = try await History.shared.value
            let events = try JSON(parsing: await history.query("--format", "json")).items
            #expect(events.map(\.["event_id"]) == [history.reverted, history.ignored, history.dead].map(\.["eventID"]))
            #expect(events.allSatisfy { $0.keys == Columns.events.union(["rules"]) })
            #expect(events.first?["rules"].items.map(\.keys) == [Columns.rules, Columns.rules])
        }

        @Test func `jsonl is the same, an object a line`() async throws {
            let history = try await History.shared.value
            let array = try JSON(parsing: await history.query("--format", "json")).items
            let lines = try await history.query("--format", "jsonl").split(separator: "\n")
            #expect(try lines.map { try JSON(parsing: String($0)) } == array)
        }

        @Test func `csv has the contract's header, and a formula is made text`() async throws {
            let history = try await History.shared.value
            let text = try await history.query("--format", "csv")
            let lines = text.components(separatedBy: "\r\n")
            #expect(lines.first == Columns.eventsInOrder.joined(separator: ","))
            #expect(lines.count == 5 && lines.last == "")
            #expect(lines[1].contains(#","'=HYPERLINK(""http://example.com"",""x"")","#))
            let rules = try await history.query("--format", "csv", "--rules").components(separatedBy: "\r\n")
            #expect(rules.first == Columns.rulesInOrder.joined(separator: ",") && rules.count == 4)
        }

        @Test func `a table is for people: a heading and a line for each event`() async throws {
            let history = try await History.shared.value
            let lines = try await history.query().split(separator: "\n")
            #expect(lines.count == 4 && lines.first?.contains("event_time") == true)
            for (line, outcome) in zip(lines.dropFirst(), ["reverted", "ignored", "dead-lettered"]) {
                #expect(line.contains(outcome))
            }
        }

        @Test func `filters choose, and together they narrow`() async throws {
            let history = try await History.shared.value
            let (reverted, ignored, dead) = (history.reverted, history.ignored, history.dead)
            let eventID = reverted["eventID"].string ?? ""
            let cases: [([String], [JSON])] = [
                (["--event-id", eventID], [reverted]),
                (["--group", history.world.group], [reverted, ignored, dead]),
                (["--account", "111122223333"], [ignored, dead]), (["--region", "atlantis-1"], [dead]),
                (["--actor", "arn:aws:iam::111122223333:user/bob"], [ignored, dead]),
                (["--actor", "arn:aws:iam::123456789012:role/network-admin"], [reverted]),
                (["--outcome", "dead-lettered"], [dead]), (["--since", "2026-01-02T00:00:00Z"], [reverted, ignored]),
                (["--until", "2026-01-02T00:00:00Z"], [dead]), (["--since", "1h"], []), (["--limit", "1"], [reverted]),
                (["--limit", "0"], [reverted, ignored, dead]),
                (["--account", "111122223333", "--outcome", "ignored"], [ignored]),
            ]
            for (arguments, expected) in cases {
                let result = try await history.world.run(["audit", "query", "--format", "json"] + arguments)
                let found = try JSON(parsing: result.output).items.map(\.["event_id"])
                #expect(found == expected.map(\.["eventID"]), "\(arguments)")
            }
        }

        @Test func `any SQLite reads the views, with the contract's columns`() async throws {
            let history = try await History.shared.value
            let (events, rules) = try DatabaseQueue(path: history.world.ledger).read { db in
                (
                    try Row.fetchAll(db, sql: "select * from audit_events order by event_time"),
                    try Row.fetchAll(db, sql: "select * from audit_rules")
                )
            }
            #expect(events.map { Array($0.columnNames) } == Array(repeating: Columns.eventsInOrder, count: 3))
            #expect(events.map { $0["outcome"] as String? } == ["dead-lettered", "ignored", "reverted"])
            #expect(rules.map { Array($0.columnNames) } == Array(repeating: Columns.rulesInOrder, count: 2))
        }
    }
}
