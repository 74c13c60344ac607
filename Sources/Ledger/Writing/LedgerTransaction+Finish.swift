import Formats
import GRDB
import SecurityGroups

extension LedgerTransaction {
    /// Ends a run: records its result and releases the claim.
    ///
    /// The run becomes the event's outcome if it is the first, if it reverted something, or if the outcome so far is
    /// `failed`, `suppressed`, `dead-lettered`, `reported` or `ignored`; else the row stays as it is. The trail has every
    /// run. An ignored event keeps no user agent. The notice of a run that has a hold in the shared table waits until the
    /// table has taken the end as well.
    ///
    /// - Throws: `LedgerError.claimLost` if the claim has ended. Nothing is recorded then.
    package func finish(_ claim: Claim, with result: RunResult) throws {
        let held = try heldEvent(claim)
        let result = result.outcome == .ignored ? result.shortened : result
        let replaces = result.outcome.replaces(held.outcome)
        let kind = TrailKind(endOf: result)
        let seq = try append(kind, eventID: claim.eventID, before: held.lastSeq) {
            write(result, of: claim, replaces: replaces, to: &$0)
        }
        try statement(replaces ? .finishReplacing : .finishKeeping).execute { row in
            row.integer(result.outcome.isFinal ? 1 : 0)
            row.integer(kind.isShortLived ? 1 : 0)
            row.integer(seq)
            if replaces {
                row.integer(result.outcome == .ignored ? 1 : 0)
                let recorded = RecordedResult(result: result, at: nowText)
                for column in RecordedResult.columns { row.value(column.value(recorded)) }
            }
            row.integer(held.number)
        }
        if replaces {
            if held.outcome != nil { try statement(.deleteRules).execute { $0.integer(held.number) } }
            try insert(result.rules, of: held.number)
        }
        for requestID in result.ownRequestIDs {
            try statement(.insertOwnCall).execute {
                $0.text(requestID)
                $0.text(nowText)
            }
        }
        try keep(result.sightings, lending: result.lending, of: claim.eventID)
        if replaces, result.notify { try addNotice(of: claim.eventID, result.outcome, hold: claim.shared?.text) }
    }

    private func heldEvent(_ claim: Claim) throws -> (number: Int64, outcome: EventOutcome?, lastSeq: Int64) {
        var held: (number: Int64, outcome: EventOutcome?, lastSeq: Int64)?
        try statement(.heldEvent).query {
            $0.text(claim.eventID)
            $0.integer(claim.fence)
        } each: {
            held = ($0.integer(0) ?? 0, try $0.text(1).map(parse), $0.integer(2) ?? 0)
        }
        guard let held else { throw LedgerError.claimLost(eventID: claim.eventID, fence: claim.fence) }
        return held
    }

    private func insert(_ rules: [RuleResult], of number: Int64) throws {
        guard !rules.isEmpty else { return }
        let statement = try statement(.insertRule)
        for (position, rule) in rules.enumerated() {
            try statement.execute { row in
                row.integer(number)
                row.integer(Int64(position))
                for column in RuleResult.columns { row.value(column.value(rule)) }
            }
        }
    }

    /// Writes the run's result under the names of the views' columns.
    private func write(_ result: RunResult, of claim: Claim, replaces: Bool, to json: inout JSONWriter) {
        json.member("attempt", .integer(Int64(claim.attempt)))
        if !result.calls.isEmpty {
            json.array("calls") {
                for call in result.calls {
                    $0.object {
                        $0.members(APICall.columns, of: call)
                        $0.array("request_ids", of: call.requestIDs)
                    }
                }
            }
        }
        json.member("fence", .integer(claim.fence))
        if !result.ownRequestIDs.isEmpty { json.array("own_request_ids", of: result.ownRequestIDs) }
        json.member("replaces", .boolean(replaces))
        json.object("result") { $0.members(RecordedResult.columns, of: RecordedResult(result: result, at: nowText)) }
        if !result.rules.isEmpty {
            json.array("rules") {
                for rule in result.rules { $0.object { $0.members(RuleResult.columns, of: rule) } }
            }
        }
    }
}

extension TrailKind {
    /// The kind of the entry that ends a run.
    fileprivate init(endOf result: RunResult) {
        let hasReverted = result.rules.contains { $0.outcome == .reverted }
        self =
            switch result.outcome {
            case .ignored: .ignored
            case .deadLettered where !hasReverted: .deadLettered
            case .failed where !hasReverted, .suppressed where !hasReverted: .failed
            case .reverted, .unchanged, .allowed, .reported, .suppressed, .notRestored, .conflict, .failed,
                .deadLettered:
                .finished
            }
    }
}

extension EventOutcome {
    /// True if a run with this outcome replaces the event's earlier outcome.
    fileprivate func replaces(_ old: EventOutcome?) -> Bool {
        switch old {
        case nil, .failed, .suppressed, .deadLettered, .reported, .ignored: true
        case .reverted, .unchanged, .allowed, .notRestored, .conflict: self == .reverted
        }
    }
}
