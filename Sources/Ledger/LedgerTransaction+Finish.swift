import Formats
import GRDB
import SecurityGroups

extension LedgerTransaction {
    /// Ends a run: records how it came out, and lets go of the event.
    ///
    /// The run becomes the event's outcome if it is the first, if it reverted something, or if the outcome so far is
    /// `failed`, `suppressed`, `dead-lettered`, `reported` or `ignored`; else the row stays as it is. The trail has every run.
    ///
    /// - Throws: `LedgerError.claimLost` when the claim has ended; nothing is recorded then.
    package func finish(_ claim: Claim, with result: RunResult) throws {
        let held = try row(
            "SELECT outcome FROM events WHERE event_id = ? AND fence = ? AND lease_owner IS NOT NULL",
            [claim.eventID, claim.fence]
        )
        guard let held else { throw LedgerError.claimLost(eventID: claim.eventID, fence: claim.fence) }
        let text: String? = held[0]
        let replaces = result.outcome.replaces(try text.map(parse))
        // A replay that failed is not over: its message comes back, and must not be taken for a duplicate then.
        try run(
            """
            UPDATE events SET worker = lease_owner, lease_owner = NULL, lease_until = NULL, lease_replay_count = NULL,
                replay_count = iif(?, max(replay_count, lease_replay_count), replay_count)
            WHERE event_id = ?
            """,
            [result.outcome.isFinal, claim.eventID]
        )
        if replaces { try replaceOutcome(of: claim.eventID, with: result) }
        for requestID in result.ownRequestIDs {
            try run(
                "INSERT INTO own_calls (request_id, event_id, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                [requestID, claim.eventID, RFC3339.format(now)]
            )
        }
        try keep(result.sightings, of: claim.eventID)
        try append("finished", eventID: claim.eventID, entry(claim, result, replaces: replaces))
        if replaces, result.notify { try addNotice(of: claim.eventID, result.outcome) }
    }

    private func replaceOutcome(of eventID: String, with result: RunResult) throws {
        try run(
            """
            UPDATE events SET outcome = ?, reason = ?, finished_at = ?, exposed_ms = ?, aws_request_id = ?,
                error_code = ?, error_message = ?, dry_run = ?, policy_digest = ?
            WHERE event_id = ?
            """,
            [
                result.outcome.rawValue, result.reason, result.outcome.isFinal ? RFC3339.format(now) : nil,
                result.exposedMilliseconds, result.awsRequestID, result.errorCode, result.errorMessage, result.isDryRun,
                result.policyDigest,
                eventID,
            ]
        )
        try run("DELETE FROM rules WHERE event_id = ?", [eventID])
        for (position, rule) in result.rules.enumerated() {
            try run(
                """
                INSERT INTO rules (event_id, position, rule_id, group_id, direction, protocol, from_port, to_port,
                    source, description, decision, reason, outcome, undo)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    eventID, position, rule.ruleID, rule.groupID, rule.direction.rawValue, rule.ipProtocol,
                    rule.fromPort,
                    rule.toPort, rule.source, rule.description, rule.decision?.rawValue, rule.reason,
                    rule.outcome.rawValue,
                    rule.undo,
                ]
            )
        }
    }

    /// The run under the views' names, whether or not it became the event's outcome.
    private func entry(_ claim: Claim, _ result: RunResult, replaces: Bool) -> [String: JSON] {
        [
            "fence": .integer(claim.fence), "attempt": .integer(Int64(claim.attempt)), "replaces": .boolean(replaces),
            "outcome": .string(result.outcome.rawValue), "reason": JSON(result.reason),
            "finished_at": result.outcome.isFinal ? .string(RFC3339.format(now)) : .null,
            "exposed_ms": result.exposedMilliseconds.map(JSON.integer) ?? .null,
            "aws_request_id": JSON(result.awsRequestID), "error_code": JSON(result.errorCode),
            "error_message": JSON(result.errorMessage), "dry_run": .boolean(result.isDryRun),
            "policy_digest": JSON(result.policyDigest),
            "own_request_ids": .array(result.ownRequestIDs.map(JSON.string)),
            "calls": .array(result.calls.map(entry)), "rules": .array(result.rules.map(entry)),
        ]
    }

    private func entry(_ call: APICall) -> JSON {
        .object([
            "action": .string(call.action), "started_at": .string(RFC3339.format(call.startedAt)),
            "ms": .integer(call.milliseconds), "request_ids": .array(call.requestIDs.map(JSON.string)),
            "error": JSON(call.error),
        ])
    }

    private func entry(_ rule: RuleResult) -> JSON {
        .object([
            "rule_id": JSON(rule.ruleID), "group_id": JSON(rule.groupID), "direction": .string(rule.direction.rawValue),
            "protocol": .string(rule.ipProtocol), "from_port": rule.fromPort.map { .integer(Int64($0)) } ?? .null,
            "to_port": rule.toPort.map { .integer(Int64($0)) } ?? .null, "source": .string(rule.source),
            "description": JSON(rule.description), "decision": JSON(rule.decision?.rawValue),
            "reason": JSON(rule.reason),
            "outcome": .string(rule.outcome.rawValue), "undo": JSON(rule.undo),
        ])
    }
}

extension EventOutcome {
    /// Whether a run that came out so takes the place of the outcome that the event had.
    fileprivate func replaces(_ old: EventOutcome?) -> Bool {
        switch old {
        case nil, .failed, .suppressed, .deadLettered, .reported, .ignored: true
        case .reverted, .unchanged, .allowed, .notRestored, .conflict: self == .reverted
        }
    }
}
