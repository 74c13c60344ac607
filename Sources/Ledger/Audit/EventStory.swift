import GRDB

/// Everything that a ledger knows of one event.
package struct EventStory: Hashable, Sendable {
    /// The event's row.
    package let event: AuditEvent
    /// Its rules, as they came out.
    package let rules: [AuditRule]
    /// Its runs, oldest first; those before a prune are gone.
    package let runs: [Run]
    /// What people were told, or are to be told.
    package let notices: [Sending]

    /// One run of the event, or one that never ended.
    package struct Run: Hashable, Sendable {
        /// The columns of a run, in the order of `values`.
        package static let columns = [
            "attempt", "worker", "claimed_at", "message_id", "replay_count", "ended_at", "outcome", "reason",
            "replaces",
            "error_code", "error_message",
        ]
        /// The cells, in the order of `columns`. `ended_at` and what follows are null while it runs, and for ever where
        /// the worker died; `replaces` says whether it made the row's outcome.
        package let values: [AuditValue]
        /// The calls to AWS, in their order.
        package let calls: [Call]
    }

    /// One call of a run to AWS.
    package struct Call: Hashable, Sendable {
        /// The columns of a call, in the order of `values`.
        package static let columns = ["action", "started_at", "ms", "request_ids", "error"]
        /// The cells, in the order of `columns`; `request_ids` has AWS's ids, divided by spaces.
        package let values: [AuditValue]
    }

    /// One notification.
    package struct Sending: Hashable, Sendable {
        /// The columns of a notification, in the order of `values`.
        package static let columns = ["outcome", "state", "attempts", "sent_at", "due_at", "last_error"]
        /// The cells, in the order of `columns`.
        package let values: [AuditValue]
    }
}

extension LedgerReader {
    /// The whole story of an event, null where the ledger does not know it.
    ///
    /// - Throws: `LedgerError`.
    package func story(of eventID: String) throws -> EventStory? {
        try read { db in
            guard let event = try AuditQuery.event(eventID, in: db) else { return nil }
            let sql = """
                SELECT \(EventStory.Sending.columns.joined(separator: ", ").replacing("outcome", with: "kind")) FROM notices WHERE event_id = ? ORDER BY rowid
                """
            return EventStory(
                event: event,
                rules: try AuditQuery.rules(of: [eventID], in: db)[eventID] ?? [],
                runs: try runs(TrailEntry.entries(of: eventID, in: db)),
                notices: try Row.fetchAll(db, sql: sql, arguments: [eventID.bounded]).map {
                    EventStory.Sending(values: $0.databaseValues.map(AuditValue.init))
                }
            )
        }
    }

    private func runs(_ entries: [TrailEntry]) throws -> [EventStory.Run] {
        var runs: [[String: JSON]] = []
        for entry in entries {
            guard let fields = try? entry.fields() else {
                throw LedgerError.damaged(path: path, detail: "entry \(entry.seq) of the trail cannot be read")
            }
            let open = runs.lastIndex { $0["fence"] == fields["fence"] && $0["ended_at"] == nil }
            switch TrailKind(rawValue: entry.kind) {
            case .claimed?:
                let own: [String: JSON] = ["worker": .string(entry.worker), "claimed_at": .string(entry.at)]
                runs.append(fields.merging(own) { $1 })
            case let kind? where kind.endsRun:
                let own: [String: JSON] = ["worker": .string(entry.worker), "ended_at": .string(entry.at)]
                let run = fields.merging(fields["result"]?.members ?? [:]) { $1 }.merging(own) { $1 }
                if let open { runs[open].merge(run) { $1 } } else { runs.append(run) }
            default: break
            }
        }
        return runs.map { run in
            EventStory.Run(
                values: EventStory.Run.columns.map { AuditValue(run[$0]) },
                calls: (run["calls"]?.elements ?? []).map { call in
                    EventStory.Call(values: EventStory.Call.columns.map { AuditValue(call[$0]) })
                }
            )
        }
    }
}
