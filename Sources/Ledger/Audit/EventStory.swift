import GRDB

/// Everything that a ledger knows of one event.
package struct EventStory: Hashable, Sendable {
    /// The event's row.
    package let event: AuditEvent
    /// The event's rules with their outcomes.
    package let rules: [AuditRule]
    /// The event's runs, oldest first. Runs from before a prune are gone.
    package let runs: [Run]
    /// The notifications that were sent or are to be sent.
    package let notices: [Sending]

    /// One run of the event, also one that never ended.
    package struct Run: Hashable, Sendable {
        /// The columns of a run. `endedAt` and those after it are null while the run goes on, and stay null if the
        /// worker died. `replaces` is true if the run made the row's outcome.
        package enum Column: String, CaseIterable, Sendable {
            case attempt, worker
            case claimedAt = "claimed_at"
            case messageID = "message_id"
            case replayCount = "replay_count"
            case endedAt = "ended_at"
            case outcome, reason, replaces
            case errorCode = "error_code"
            case errorMessage = "error_message"
        }

        /// The cells, in the order of the columns.
        package let cells: Cells<Column>
        /// The calls to AWS, in their order.
        package let calls: [Call]
    }

    /// One call of a run to AWS.
    package struct Call: Hashable, Sendable {
        /// The columns of a call. `requestIDs` has AWS's ids, divided by spaces.
        package enum Column: String, CaseIterable, Sendable {
            case action
            case startedAt = "started_at"
            case milliseconds = "ms"
            case requestIDs = "request_ids"
            case error
        }

        /// The cells, in the order of the columns.
        package let cells: Cells<Column>
    }

    /// One notification.
    package struct Sending: Hashable, Sendable {
        /// The columns of a notification.
        package enum Column: String, CaseIterable, Sendable {
            case outcome, state, attempts
            case sentAt = "sent_at"
            case dueAt = "due_at"
            case lastError = "last_error"
        }

        /// The cells, in the order of the columns.
        package let cells: Cells<Column>
    }
}

extension LedgerReader {
    /// The whole story of an event; nil if the ledger does not know the event.
    ///
    /// - Throws: `LedgerError`.
    package func story(of eventID: String) throws -> EventStory? {
        try read { db in
            guard let event = try AuditQuery.event(eventID, in: db) else { return nil }
            // A notice of an event has the outcome as its kind.
            let columns = Cells<EventStory.Sending.Column>.columns.map { $0 == "outcome" ? "kind AS outcome" : $0 }
            let sql = "SELECT \(columns.joined(separator: ", ")) FROM notices WHERE event_id = ? ORDER BY rowid"
            return EventStory(
                event: event,
                rules: try AuditQuery.rules(of: [eventID], in: db)[eventID] ?? [],
                runs: try runs(TrailEntry.entries(of: eventID, in: db)),
                notices: try Row.fetchAll(db, sql: sql, arguments: [eventID.bounded]).map { row in
                    EventStory.Sending(cells: Cells(row))
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
                cells: Cells { AuditValue(run[$0.rawValue]) },
                calls: (run["calls"]?.elements ?? []).map { call in
                    EventStory.Call(cells: Cells { AuditValue(call[$0.rawValue]) })
                }
            )
        }
    }
}
