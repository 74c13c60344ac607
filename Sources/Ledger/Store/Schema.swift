import GRDB

/// The tables, indexes, triggers and views of a ledger.
enum Schema {
    /// Marks the file as a ledger: `sgrv`.
    static let applicationID: Int64 = 0x7367_7276

    /// Each migration brings a ledger from the version that is its index to the next. A released migration never
    /// changes.
    static let migrations: [@Sendable (Database) throws -> Void] = [
        { try $0.execute(sql: version1) }
    ]

    /// Brings the ledger up to date. Call it in an immediate transaction, which only one process has at a time: of many
    /// that start together, the first migrates, and the others find it done.
    static func migrate(_ db: Database, path: String) throws {
        let version = try checkedVersion(of: db, path: path)
        guard version < migrations.count else { return }
        for migration in migrations[version...] {
            try migration(db)
        }
        try db.execute(sql: "PRAGMA application_id = \(applicationID); PRAGMA user_version = \(migrations.count)")
    }

    /// Returns the version of the ledger; 0 for an empty file.
    ///
    /// - Throws: `LedgerError` if the file is something else, or was made by a newer program.
    static func checkedVersion(of db: Database, path: String) throws -> Int {
        let application = try Int64.fetchOne(db, sql: "PRAGMA application_id")
        let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        if application == applicationID, version >= 1 {
            guard version <= migrations.count else {
                throw LedgerError.fromTheFuture(path: path, version: version, known: migrations.count)
            }
            return version
        }
        let tables = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master") ?? 0
        guard application == 0, version == 0, tables == 0 else { throw LedgerError.notALedger(path: path) }
        return 0
    }

    /// Prevents accidental changes of entries. A prune removes the trigger for its own transaction.
    static let trailKeeps = """
        CREATE TRIGGER trail_keeps BEFORE UPDATE ON trail
            BEGIN SELECT RAISE(ABORT, 'the trail is append-only'); END;
        """
    /// Prevents accidental removal of entries. A prune removes the trigger for its own transaction.
    static let trailStays = """
        CREATE TRIGGER trail_stays BEFORE DELETE ON trail
            BEGIN SELECT RAISE(ABORT, 'the trail is append-only'); END;
        """

    /// The text of every table, index, trigger and view of a ledger of this version.
    static func definitions(in db: Database) throws -> [String: String] {
        let rows = try Row.fetchAll(db, sql: "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
        return Dictionary(rows.map { ($0[0], $0[1]) }) { first, _ in first }
    }

    /// Tables are strict, so that a value has the type with which it was written. The expression `coalesce(event_time,
    /// '')` makes events without a time the oldest, and gives each page of a listing its place in the index.
    ///
    /// An event has an id, which is random, and a number, which grows. Rows that are filed under the number are
    /// appended; under the id each write would change another page. Entries of the trail link to the previous entry of
    /// the same event, so they need no index.
    private static let version1 = """
        CREATE TABLE events (
            number INTEGER PRIMARY KEY NOT NULL,
            event_id TEXT UNIQUE NOT NULL,
            digest TEXT NOT NULL,                   -- SHA-256 of the record's detail; '' where it is not known
            event_name TEXT NOT NULL,
            account TEXT,
            region TEXT,
            group_id TEXT,
            actor_arn TEXT,
            issuer_arn TEXT,
            actor_type TEXT,
            actor_id TEXT,
            invoked_by TEXT,
            source_ip TEXT,
            user_agent TEXT,
            event_time TEXT,
            request_id TEXT,
            received_at TEXT NOT NULL,
            outcome TEXT,
            reason TEXT,
            finished_at TEXT,
            exposed_ms INTEGER,
            aws_request_id TEXT,
            error_code TEXT,
            error_message TEXT,
            dry_run INTEGER NOT NULL DEFAULT 0,
            policy_digest TEXT,
            attempts INTEGER NOT NULL DEFAULT 1,
            deliveries INTEGER NOT NULL DEFAULT 1,
            message_id TEXT NOT NULL,               -- of the first message; the others are in deliveries
            worker TEXT,                            -- of the last run that ended
            replay_count INTEGER NOT NULL DEFAULT 0, -- the highest of the runs that ended
            matched_rule_ids TEXT,                  -- JSON array
            fence INTEGER NOT NULL DEFAULT 1,
            lease_owner TEXT,                       -- null: nobody runs it
            lease_until TEXT,
            lease_replay_count INTEGER,             -- of the run under way
            is_short INTEGER NOT NULL DEFAULT 1,    -- 1 while no run has changed or judged anything
            last_seq INTEGER NOT NULL               -- the event's latest entry in the trail
        ) STRICT;
        -- A listing runs along this index. The columns after the id let it pass over events that a search does not want
        -- without reading their rows.
        CREATE INDEX events_by_time ON events
            (coalesce(event_time, ''), event_id, account, region, outcome, actor_arn, issuer_arn);
        CREATE INDEX events_by_group ON events (group_id, coalesce(event_time, ''), event_id);
        CREATE INDEX events_own_by_end ON events (finished_at) WHERE \(LedgerTransaction.isOwn);
        CREATE INDEX events_own_open ON events (number) WHERE \(LedgerTransaction.isOwnAndOpen);
        CREATE INDEX events_short ON events (number)
            WHERE is_short = 1 AND outcome IN ('ignored', 'dead-lettered');

        CREATE TABLE deliveries (
            number INTEGER NOT NULL,
            message_id TEXT NOT NULL,
            PRIMARY KEY (number, message_id)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE rules (
            number INTEGER NOT NULL,                -- of the event
            position INTEGER NOT NULL,
            rule_id TEXT,
            group_id TEXT,
            direction TEXT NOT NULL,
            protocol TEXT NOT NULL,
            from_port INTEGER,
            to_port INTEGER,
            source TEXT NOT NULL,
            description TEXT,
            named INTEGER NOT NULL DEFAULT 1,       -- 0: the record names no id, and the rule was found by its content
            decision TEXT,
            reason TEXT,
            outcome TEXT NOT NULL,
            undo TEXT,
            PRIMARY KEY (number, position)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE own_calls (
            request_id TEXT PRIMARY KEY NOT NULL,
            at TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE notices (
            id TEXT PRIMARY KEY NOT NULL,           -- stable, so that a reader can drop the second
            kind TEXT NOT NULL,                     -- an outcome, or what else there is to tell
            event_id TEXT,
            account TEXT,
            region TEXT,
            group_id TEXT,
            state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'sent')),
            due_at TEXT NOT NULL,                   -- while somebody is sending it, the end of the lease
            attempts INTEGER NOT NULL DEFAULT 0,
            told_in TEXT,                           -- the notice that sums this one up with others
            last_error TEXT,
            sent_at TEXT,
            payload TEXT NOT NULL,
            hold TEXT                               -- not sent before the shared table took the run's end; the claim there
        ) STRICT;
        CREATE INDEX notices_by_event ON notices (event_id, kind) WHERE event_id IS NOT NULL;
        CREATE TABLE notice_deliveries (
            notice_id TEXT NOT NULL,
            channel TEXT NOT NULL,
            due_at TEXT NOT NULL,                   -- while somebody is sending it, the end of the lease
            attempts INTEGER NOT NULL DEFAULT 0,
            last_error TEXT,
            notice TEXT NOT NULL,                   -- what is sent, as JSON
            PRIMARY KEY (notice_id, channel)
        ) STRICT;
        CREATE INDEX notice_deliveries_by_due ON notice_deliveries (channel, due_at);
        CREATE INDEX notices_held ON notices (due_at) WHERE hold IS NOT NULL;
        CREATE INDEX notices_by_due ON notices (due_at) WHERE state = 'pending';
        CREATE INDEX notices_by_summary ON notices (told_in) WHERE told_in IS NOT NULL;
        CREATE TABLE notice_pace (
            kind TEXT NOT NULL,
            group_id TEXT NOT NULL,
            until TEXT NOT NULL,                    -- before then no other notice of this kind and group is sent
            PRIMARY KEY (kind, group_id)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE senders (
            sender TEXT PRIMARY KEY NOT NULL,       -- as SQS attests it; of a role's session the role's id
            first_seen TEXT NOT NULL,
            last_seen TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE trail (
            seq INTEGER PRIMARY KEY NOT NULL,
            at TEXT NOT NULL,
            event_id TEXT,
            worker TEXT NOT NULL,
            kind TEXT NOT NULL,
            before INTEGER,                         -- the event's entry before this one
            entry TEXT,                             -- JSON object with sorted keys; null once it was pruned
            entry_hash TEXT NOT NULL,
            hash TEXT NOT NULL
        ) STRICT;
        CREATE INDEX trail_letters ON trail (seq)
            WHERE kind = 'dead-lettered' AND event_id IS NULL AND entry IS NOT NULL;
        CREATE INDEX trail_prunes ON trail (seq) WHERE kind = 'pruned';
        \(trailKeeps)
        \(trailStays)

        CREATE VIEW audit_events AS SELECT
            \(EventColumn.allCases.map(\.expression).joined(separator: ", "))
        FROM events;

        \(LedgerTransaction.snapshotsSchema)
        \(LedgerTransaction.sightingsSchema)
        \(LedgerTransaction.watchedSchema)
        \(LedgerTransaction.exemptionsSchema)
        \(LedgerTransaction.untoldSchema)

        CREATE VIEW audit_rules AS SELECT
            \(RuleColumn.allCases.map(\.expression).joined(separator: ", "))
        FROM rules JOIN events USING (number);
        """
}
