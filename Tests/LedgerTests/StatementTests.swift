import GRDB
import SecurityGroups
import TestSupport
import Testing

@testable import Ledger

/// The statements of the write path, and how they bind and read.
@Suite struct StatementTests {
    /// Reads the tables of a new ledger, in memory.
    private func withLedger<T>(_ body: (Database) throws -> T) throws -> T {
        try DatabaseQueue().write { db in
            try Schema.migrate(db, path: "")
            return try body(db)
        }
    }

    @Test(arguments: LedgerSQL.allCases)
    func `each statement fits the tables of a new ledger`(_ sql: LedgerSQL) throws {
        try withLedger { db in
            let statement = try db.makeStatement(sql: sql.text)
            #expect(statement.sql == sql.text)
        }
    }

    /// The statements that find their row by a key, and what SQLite must seek in.
    @Test(arguments: [
        (LedgerSQL.knownEvent, "SEARCH events USING INDEX sqlite_autoindex_events_1 (event_id=?)"),
        (.heldEvent, "SEARCH events USING INDEX sqlite_autoindex_events_1 (event_id=?)"),
        (.remember, "SEARCH events USING INDEX sqlite_autoindex_events_1 (event_id=?)"),
        (.renew, "SEARCH events USING INDEX sqlite_autoindex_events_1 (event_id=?)"),
        (.takeEvent, "SEARCH events USING INTEGER PRIMARY KEY (rowid=?)"),
        (.countDelivery, "SEARCH events USING INTEGER PRIMARY KEY (rowid=?)"),
        (.finishReplacing, "SEARCH events USING INTEGER PRIMARY KEY (rowid=?)"),
        (.finishKeeping, "SEARCH events USING INTEGER PRIMARY KEY (rowid=?)"),
        (.deleteRules, "SEARCH rules USING PRIMARY KEY (number=?)"),
        (.ownCall, "SEARCH own_calls USING PRIMARY KEY (request_id=?)"),
    ])
    func `a write seeks its row, however many there are`(_ sql: LedgerSQL, _ expected: String) throws {
        let plan = try withLedger { db in
            let explained = try db.makeStatement(sql: "EXPLAIN QUERY PLAN " + sql.text)
            explained.setUncheckedArguments([])
            return try Row.fetchAll(explained).map { $0["detail"] as String }
        }
        #expect(plan == [expected])
    }

    // MARK: Binding

    /// Runs `body` with a statement of a table with one column of any type.
    private func withTable<T>(_ body: (Database) throws -> T) throws -> T {
        try DatabaseQueue().write { db in
            try db.execute(sql: "CREATE TABLE t (x)")
            return try body(db)
        }
    }

    @Test(arguments: [
        "", "x", "it's \"quoted\"", "é漢🦊", "line\nbreak", String(repeating: "long ", count: 2000),
    ])
    func `a text is bound as it is, whether Swift or Foundation holds it`(_ text: String) throws {
        try withTable { db in
            let insert = try db.makeStatement(sql: "INSERT INTO t VALUES (?), (?)")
            let statement = PreparedStatement(insert)
            #expect(
                try statement.execute {
                    $0.text(text)
                    $0.text(Array(text.utf8))
                } == 2
            )
            #expect(try String.fetchAll(db, sql: "SELECT x FROM t") == [text, text])
            #expect(try Set(String.fetchAll(db, sql: "SELECT typeof(x) FROM t")) == ["text"])
        }
    }

    @Test func `each kind of cell is bound as SQLite's own kind`() throws {
        try withTable { db in
            let insert = try db.makeStatement(sql: "INSERT INTO t VALUES (?)")
            let statement = PreparedStatement(insert)
            for value in [AuditValue.null, .integer(.min), .integer(.max), .text("7"), .boolean(true), .boolean(false)]
            {
                try statement.execute { $0.value(value) }
            }
            let rows = try Row.fetchAll(db, sql: "SELECT x, typeof(x) FROM t ORDER BY rowid")
            #expect(rows.map { $0[1] as String } == ["null", "integer", "integer", "text", "integer", "integer"])
            #expect(
                rows.map { AuditValue($0[0] as DatabaseValue) }.prefix(4) == [
                    .null, .integer(.min), .integer(.max), .text("7"),
                ]
            )
            #expect(rows.suffix(2).map { $0[0] as Int64 } == [1, 0])
        }
    }

    @Test func `columns are read by place, and null is no value`() throws {
        try withTable { db in
            let select = try db.makeStatement(sql: "SELECT NULL, 7, 'é', ''")
            var texts: [String?] = []
            var numbers: [Int64?] = []
            try PreparedStatement(select).query { row in
                texts = (0..<4).map(row.text)
                numbers = (0..<2).map(row.integer)
            }
            #expect(texts == [nil, "7", "é", ""] && numbers == [nil, 7])
        }
    }

    @Test func `a statement may be used again, also after it failed or its reader threw`() throws {
        struct Enough: Error {}
        try withTable { db in
            try db.execute(sql: "CREATE TABLE u (x INTEGER PRIMARY KEY) STRICT; INSERT INTO t VALUES (1), (2), (3)")
            let inserting = try db.makeStatement(sql: "INSERT INTO u VALUES (?)")
            let insert = PreparedStatement(inserting)
            try insert.execute { $0.integer(1) }
            #expect(throws: DatabaseError.self) { try insert.execute { $0.integer(1) } }
            #expect(throws: DatabaseError.self) { try insert.execute { $0.text("no number") } }
            try insert.execute { $0.integer(2) }
            #expect(try Int.fetchAll(db, sql: "SELECT x FROM u") == [1, 2])
            let selecting = try db.makeStatement(sql: "SELECT x FROM t")
            let select = PreparedStatement(selecting)
            #expect(throws: Enough.self) { try select.query { _ in throw Enough() } }
            var found: [Int64?] = []
            try select.query { found.append($0.integer(0)) }
            #expect(found == [1, 2, 3])
        }
    }

    @Test func `more values than a statement takes are an error, and nothing is written`() throws {
        try withTable { db in
            let insert = try db.makeStatement(sql: "INSERT INTO t VALUES (?)")
            let statement = PreparedStatement(insert)
            #expect(throws: DatabaseError.self) {
                try statement.execute {
                    $0.integer(1)
                    $0.integer(2)
                }
            }
            #expect(try Int.fetchOne(db, sql: "SELECT count(*) FROM t") == 0)
        }
    }

    @Test func `a statement that was run in another way can be run again`() async throws {
        let test = try TestLedger()
        try await test.ledger.write { transaction in
            for _ in 0..<2 {
                try transaction.run(LedgerSQL.deleteRules.text, [1])
                try transaction.statement(.deleteRules).execute { $0.integer(1) }
            }
        }
    }

    @Test func `every statement of the write path compiles, and again after the connection has forgotten them`()
        async throws
    {
        let test = try TestLedger()
        try await test.ledger.write { transaction in
            for _ in 0..<2 {
                for sql in LedgerSQL.allCases { _ = try transaction.db.statement(sql) }
                var mode: String?
                try transaction.db.statement(.journalMode).query { mode = $0.text(0) }
                #expect(mode == "truncate")
                transaction.db.clearSchemaCache()
            }
        }
    }
}
