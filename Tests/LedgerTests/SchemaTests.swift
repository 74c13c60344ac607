import Foundation
import GRDB
import SecurityGroups
import TestSupport
import Testing

@testable import Ledger

/// The tables of a ledger, and how a ledger is told from any other file.
@Suite struct SchemaTests {
    private static let path = "/ledger.db"
    private static let mark = "PRAGMA application_id = \(Schema.applicationID);"

    /// What a file has, and its version as a ledger.
    @Test(arguments: [
        ("", 0), ("\(mark) PRAGMA user_version = 1; CREATE TABLE t (x)", 1), ("\(mark) PRAGMA user_version = 1", 1),
    ])
    func `an empty file is the beginning of a ledger, and one with the mark is one`(
        _ sql: String,
        _ version: Int
    ) throws {
        try DatabaseQueue().write { db in
            try db.execute(sql: sql)
            #expect(try Schema.checkedVersion(of: db, path: Self.path) == version)
        }
    }

    @Test(arguments: [
        ("CREATE TABLE t (x)", LedgerError.notALedger(path: path)),
        ("PRAGMA user_version = 1", .notALedger(path: path)),
        ("PRAGMA application_id = 7", .notALedger(path: path)),
        (mark, .notALedger(path: path)),
        ("\(mark) PRAGMA user_version = -1", .notALedger(path: path)),
        ("PRAGMA application_id = 7; PRAGMA user_version = 1", .notALedger(path: path)),
        ("\(mark) PRAGMA user_version = 2", .fromTheFuture(path: path, version: 2, known: 1)),
        ("\(mark) PRAGMA user_version = 2147483647", .fromTheFuture(path: path, version: 2_147_483_647, known: 1)),
    ])
    func `any other file is refused`(_ sql: String, _ error: LedgerError) throws {
        try DatabaseQueue().write { db in
            try db.execute(sql: sql)
            #expect(throws: error) { try Schema.checkedVersion(of: db, path: Self.path) }
            #expect(throws: error) { try Schema.migrate(db, path: Self.path) }
        }
    }

    @Test func `a migration makes a ledger of the newest version, and a second one changes nothing`() throws {
        try DatabaseQueue().write { db in
            try Schema.migrate(db, path: Self.path)
            let made = try Schema.definitions(in: db)
            try Schema.migrate(db, path: Self.path)
            #expect(try Schema.definitions(in: db) == made && !made.isEmpty)
            #expect(try Schema.checkedVersion(of: db, path: Self.path) == Schema.migrations.count)
        }
    }

    private func names(_ sql: String) throws -> [String] {
        try DatabaseQueue().write { db in
            try Schema.migrate(db, path: Self.path)
            return try String.fetchAll(db, sql: sql)
        }
    }

    @Test func `a value has the type with which it was written, in every table`() throws {
        let sql = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND NOT strict"
        #expect(try names(sql).filter { !$0.hasPrefix("sqlite_") }.isEmpty)
    }

    @Test func `every column of a table holds a number or a text`() throws {
        let sql = """
            SELECT DISTINCT columns.type FROM pragma_table_list AS tables JOIN pragma_table_info(tables.name) AS columns
            WHERE tables.schema = 'main' AND tables.type = 'table' AND tables.name NOT LIKE 'sqlite%' ORDER BY 1
            """
        #expect(try names(sql) == ["INTEGER", "TEXT"])
    }

    @Test func `the views are those of the contract`() throws {
        let views = "SELECT name FROM sqlite_master WHERE type = 'view' ORDER BY name"
        #expect(try names(views) == ["audit_events", "audit_rules", "standing_rules"])
        for (view, columns) in [
            ("audit_events", AuditEvent.columns), ("audit_rules", AuditRule.columns),
            ("standing_rules", AuditStandingRule.columns),
        ] {
            #expect(try names("SELECT name FROM pragma_table_info('\(view)') ORDER BY cid") == columns)
        }
    }

    @Test func `after a prune the trail is append-only again`() async throws {
        let test = try TestLedger()
        for (id, outcome) in [("i", EventOutcome.ignored), ("a", .allowed)] {
            try await test.ledger.finish(id, RunResult(outcome: outcome))
        }
        test.advance(40 * 86_400)
        try await test.ledger.finish("young", RunResult(outcome: .allowed))
        for days in [1.0, 30] {
            let cutoff = test.now.addingTimeInterval(-days * 86_400)
            _ = try await test.ledger.write { try $0.prune(before: cutoff) }
            for sql in ["UPDATE trail SET worker = 'x'", "DELETE FROM trail"] {
                let error = #expect(throws: DatabaseError.self) { try test.execute(sql) }
                #expect(error?.message == "the trail is append-only")
            }
        }
        #expect(try LedgerReader(path: test.path).verify().findings.isEmpty)
    }
}

/// No read or write of a worker walks over a whole table: a ledger of years answers as one of a day.
@Suite struct QueryPlanTests {
    /// Something that a worker does, by name.
    enum Operation: String, CaseIterable {
        case claim, renew, ownCall = "own call", finish, past, removal, group, sightings, look, watched, unexplained
        case exempt = "exempt rules", open = "open events", exemptionEnd = "exemption end", notices, channels, held
        case senders, baseline

        func run(in transaction: LedgerTransaction) throws {
            let (group, rule) = (Fixture.groupName, Fixture.rule())
            let facts = EventFacts(eventID: "e2", eventName: "AuthorizeSecurityGroupIngress", groupID: group)
            let delivery = Delivery(messageID: "m2", receivedAt: transaction.now)
            let standing = try Fixture.standing(account: nil, since: transaction.now)
            let ruleID = standing.id
            func query(isRemoval: Bool) -> PastQuery {
                PastQuery(
                    eventID: "e2",
                    groupID: group,
                    eventTime: transaction.now,
                    isRemoval: isRemoval,
                    limits: RevertLimits(perRule: 1, perGroup: 1)
                )
            }
            switch self {
            case .claim: _ = try transaction.claim(facts, delivery: delivery, intent: [ruleID.description])
            case .renew: _ = try transaction.renew([Claim(eventID: "e", fence: 1, attempt: 1)])
            case .ownCall: _ = try transaction.isOwnCall(requestID: "r1")
            case .finish:
                guard case .run(let claim) = try transaction.claim(facts, delivery: delivery) else { return }
                var result = RunResult(outcome: .reverted, rules: [.rule("sgr-1", .reverted)], ownRequestIDs: ["r"])
                result.sightings = [standing.seen()]
                result.notify = true
                try transaction.finish(claim, with: result)
            case .past:
                let question = RuleQuestion(ruleID: ruleID, rule: rule, added: rule)
                _ = try transaction.past(of: question, query(isRemoval: false))
                _ = try transaction.contradiction(ofGone: question, query(isRemoval: false))
            case .removal:
                for id in [ruleID, nil] {
                    let question = RuleQuestion(ruleID: id, rule: rule, added: nil)
                    _ = try transaction.past(of: question, query(isRemoval: true))
                }
            case .group: _ = try transaction.knewGroup(group, before: transaction.now, but: "e2")
            case .sightings: _ = try transaction.sightings(of: ruleID.description, in: group)
            case .look: _ = try transaction.contents(of: ruleID, in: group)
            case .watched:
                let sighting = WatchSighting(groupID: group, account: nil, region: "r", facts: nil, eventID: nil)
                _ = try transaction.watched(sighting, notifies: true) { _ in [] }
            case .unexplained:
                _ = try transaction.unexplained(since: transaction.now, isDryRun: false)
                _ = try transaction.awaitedEvents(since: transaction.now)
            case .exempt: _ = try transaction.exemptRules()
            case .open: _ = try transaction.openEvents()
            case .exemptionEnd: _ = try transaction.nextExemptionEnd(of: standing, until: nil, isDryRun: false)
            case .notices:
                for notice in try transaction.takeNotices(limit: 1, lease: .zero) { try transaction.noticeSent(notice) }
            case .channels:
                for notice in try transaction.takeNotices(for: "sns", of: ["sns"], limit: 1, lease: .zero) {
                    try transaction.noticeFailed(notice, for: "sns", error: "x", retryAfter: .zero)
                    try transaction.noticeSent(notice, for: "sns")
                }
            case .held:
                _ = try transaction.heldNotices(olderThan: .zero)
                try transaction.releaseNotices(
                    of: "e",
                    under: SharedClaim(key: "k", fence: 1, token: "t", replayCount: 0)
                )
            case .senders: try transaction.saw(sender: "AIDA")
            case .baseline: _ = try transaction.approve(.group(group), by: "mia", reason: nil)
            }
        }
    }

    /// The tables that grow with every event.
    private static let growing = ["events", "rules", "trail", "deliveries", "own_calls", "notices", "sightings", "s"]

    @Test(arguments: Operation.allCases)
    func `nothing walks over a table that grows with every event`(_ operation: Operation) async throws {
        let test = try TestLedger()
        let claim = try await test.ledger.claim(
            EventFacts(eventID: "e", eventName: "Authorize", groupID: Fixture.groupName)
        )
        .claim
        try await claim.finish(in: test.ledger, .reverting, notify: true)
        let plans = try await test.ledger.write { transaction in
            var texts: Set<String> = []
            transaction.db.trace { if case .statement(let statement) = $0 { texts.insert(statement.sql) } }
            try operation.run(in: transaction)
            transaction.db.trace(options: [])
            return try texts.filter { !$0.hasPrefix("--") && !$0.hasPrefix("PRAGMA") }.map { sql in
                let explained = try transaction.db.makeStatement(sql: "EXPLAIN QUERY PLAN " + sql)
                explained.setUncheckedArguments([])
                return (sql, try Row.fetchAll(explained).map { $0["detail"] as String })
            }
        }
        #expect(!plans.isEmpty)
        for (sql, plan) in plans {
            let walks = plan.filter { line in
                Self.growing.contains {
                    line.hasPrefix("SCAN \($0)") && (line == "SCAN \($0)" || line.hasPrefix("SCAN \($0) "))
                }
            }
            // A partial index holds only the rows that are waited for, and the trail's end is its last row.
            let allowed = walks.allSatisfy { line in
                ["sightings_unexplained", "sightings_exempt", "events_own_open"].contains { line.contains($0) }
                    || sql.contains("ORDER BY seq DESC LIMIT 1")
            }
            #expect(allowed, "\(sql): \(walks)")
        }
    }
}
