import Formats
import Foundation
import GRDB
import SecurityGroups

extension LedgerTransaction {
    /// Decides what to do with a delivery of an event, and if it is to be run, gives the event to the caller.
    ///
    /// A new event runs; one whose claim is live is held; one whose claim ran out, whose outcome is on the way or
    /// `dead-lettered`, or that was replayed more often than the ledger has seen, runs again; any other is a
    /// duplicate. An event id that the ledger knows with another digest is a conflict: an event of its own. An addendum
    /// whose original is judged is a delivery of the original; else it runs under its own id.
    ///
    /// - Parameter intent: The ids of the rules that the record names, to be kept with the claim as
    ///   `remember(matched:for:)` would.
    package func claim(_ event: EventFacts, delivery: Delivery, intent: [String] = []) throws -> ClaimResult {
        if let original = event.originalEventID, let outcome = try judgedOutcome(of: original) {
            try count(delivery, of: original)
            return .duplicate(outcome)
        }
        let known = try digest(of: event.eventID)
        let isConflict = known.map { $0 != event.digest } ?? false
        let eventID = isConflict ? "\(event.eventID)~\(event.digest.prefix(12))" : event.eventID
        return try claim(event, as: eventID, isConflict: isConflict, delivery, intent)
    }

    private func claim(
        _ event: EventFacts,
        as eventID: String,
        isConflict: Bool,
        _ delivery: Delivery,
        _ intent: [String]
    ) throws -> ClaimResult {
        try insert(event, as: eventID, delivery)
        let isNew = db.changesCount > 0
        try count(delivery, of: eventID)
        let known = try knownEvent(eventID)
        if let leaseUntil = known.leaseUntil {
            if leaseUntil > now { return .held(until: leaseUntil) }
        } else if let outcome = known.outcome, outcome.isFinal, outcome != .deadLettered,
            delivery.replayCount <= known.replayCount
        {
            return .duplicate(outcome)
        }
        var claim = Claim(
            eventID: eventID,
            fence: known.fence + 1,
            attempt: known.attempts + 1,
            isConflict: isConflict,
            matchedRuleIDs: known.matchedRuleIDs,
            isTakeover: known.leaseUntil != nil,
            alreadyReverted: try alreadyReverted(known, eventID)
        )
        claim.knowsRules = try hasSeen(intent, in: event.groupID)
        let earlier = known.matchedRuleIDs ?? []
        let matched = intent.isEmpty ? nil : earlier + intent.map(\.bounded).filter { !earlier.contains($0) }
        // The count of a run that dies is not remembered, so the message that brought it runs again; one that takes
        // over keeps it.
        try run(
            """
            UPDATE events SET fence = ?, attempts = ?, lease_owner = ?, lease_until = ?,
                lease_replay_count = max(?, coalesce(lease_replay_count, 0)),
                matched_rule_ids = coalesce(?, matched_rule_ids)
            WHERE event_id = ?
            """,
            [
                claim.fence, claim.attempt, worker, text(after: lease), delivery.replayCount,
                matched.map { JSON.array($0.map(JSON.string)).text }, eventID,
            ]
        )
        var entry: [String: JSON] = [
            "attempt": .integer(Int64(claim.attempt)), "fence": .integer(claim.fence),
            "message_id": .string(delivery.messageID), "replay_count": .integer(Int64(delivery.replayCount)),
            "received_at": .string(RFC3339.format(delivery.receivedAt)),
        ]
        if isNew { entry.merge(facts(event)) { old, _ in old } }
        try append("claimed", eventID: eventID, entry)
        return .run(claim)
    }

    /// The outcome of an event that was judged, nil for any other.
    private func judgedOutcome(of eventID: String) throws -> EventOutcome? {
        let found = try row("SELECT outcome FROM events WHERE event_id = ? AND outcome IS NOT NULL", [eventID])
        let outcome: EventOutcome? = try found.map { try parse($0[0]) }
        return outcome.flatMap { $0.isJudged ? $0 : nil }
    }

    private func digest(of eventID: String) throws -> String? {
        try row("SELECT digest FROM events WHERE event_id = ?", [eventID])?[0]
    }

    private func count(_ delivery: Delivery, of eventID: String) throws {
        try run(
            "INSERT INTO deliveries (event_id, message_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
            [eventID, delivery.messageID]
        )
        if db.changesCount > 0 {
            try run("UPDATE events SET deliveries = deliveries + 1 WHERE event_id = ?", [eventID])
        }
    }

    /// Keeps which rules a run is about to revoke, before it does: all that it and the runs before it ever tried.
    ///
    /// A run that takes over from one that did not live to tell knows by it whose doing a missing rule is; and a later run of a
    /// record without rule ids touches no others.
    ///
    /// - Throws: `LedgerError.claimLost` when the claim has ended.
    package func remember(matched ruleIDs: [String], for claim: Claim) throws {
        try run(
            """
            UPDATE events SET matched_rule_ids = ?
            WHERE event_id = ? AND fence = ? AND lease_owner IS NOT NULL
            """,
            [JSON.array(ruleIDs.map { .string($0.bounded) }).text, claim.eventID, claim.fence]
        )
        try requireChange(claim)
    }

    /// Makes the leases of `claims` end one lease from now.
    ///
    /// - Returns: The claims that have ended, whose runs are to be dropped. One whose lease ran out without a taker
    ///   is still held.
    package func renew(_ claims: [Claim]) throws -> [Claim] {
        let until = text(after: lease)
        return try claims.filter { claim in
            try run(
                "UPDATE events SET lease_until = ? WHERE event_id = ? AND fence = ? AND lease_owner IS NOT NULL",
                [until, claim.eventID, claim.fence]
            )
            return db.changesCount == 0
        }
    }

    /// Ends the work of a claim that has ended: every statement for a claim names its fence, and changes nothing
    /// without it.
    func requireChange(_ claim: Claim) throws {
        guard db.changesCount > 0 else {
            throw LedgerError.claimLost(eventID: claim.eventID, fence: claim.fence)
        }
    }

    private func insert(_ event: EventFacts, as eventID: String, _ delivery: Delivery) throws {
        try run(
            """
            INSERT INTO events (event_id, digest, event_name, account, region, group_id, actor_arn, issuer_arn,
                actor_type, actor_id, invoked_by, source_ip, user_agent, event_time, request_id, received_at,
                replay_count)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0) ON CONFLICT DO NOTHING
            """,
            [
                eventID, event.digest, event.eventName, event.account, event.region, event.groupID, event.actorARN,
                event.issuerARN, event.actorType, event.actorID, event.invokedBy, event.sourceIP, event.userAgent,
                event.eventTime.map(RFC3339.format), event.requestID, RFC3339.format(delivery.receivedAt),
            ]
        )
    }

    private func facts(_ event: EventFacts) -> [String: JSON] {
        [
            "digest": .string(event.digest), "event_name": .string(event.eventName), "account": JSON(event.account),
            "region": JSON(event.region), "group_id": JSON(event.groupID), "actor_arn": JSON(event.actorARN),
            "issuer_arn": JSON(event.issuerARN), "actor_type": JSON(event.actorType),
            "actor_id": JSON(event.actorID), "invoked_by": JSON(event.invokedBy), "source_ip": JSON(event.sourceIP),
            "user_agent": JSON(event.userAgent), "event_time": JSON(event.eventTime.map(RFC3339.format)),
            "request_id": JSON(event.requestID),
        ]
    }

    private struct KnownEvent {
        let outcome: EventOutcome?
        let fence: Int64
        let attempts: Int
        let replayCount: Int
        let leaseUntil: Date?
        let matchedRuleIDs: [String]?
    }

    private func knownEvent(_ eventID: String) throws -> KnownEvent {
        let sql = """
            SELECT outcome, fence, attempts, replay_count, lease_until, matched_rule_ids FROM events WHERE event_id = ?
            """
        guard let row = try row(sql, [eventID]) else {
            throw LedgerError.damaged(path: path, detail: "an event is gone in the transaction that wrote it")
        }
        let outcome: String? = row[0]
        let leaseUntil: String? = row[4]
        let matched: String? = row[5]
        return KnownEvent(
            outcome: try outcome.map(parse),
            fence: row[1],
            attempts: row[2],
            replayCount: row[3],
            leaseUntil: try leaseUntil.map(parseTime),
            matchedRuleIDs: try matched.map(parseTexts)
        )
    }

    private func parseTime(_ text: String) throws -> Date {
        guard let time = RFC3339.parse(text) else {
            throw LedgerError.damaged(path: path, detail: "'\(text)' is not a time")
        }
        return time
    }

    private func parseTexts(_ text: String) throws -> [String] {
        guard let texts = try? JSONDecoder().decode([String].self, from: Data(text.utf8)) else {
            throw LedgerError.damaged(path: path, detail: "'\(text)' is not a list of texts")
        }
        return texts
    }

    private func alreadyReverted(_ event: KnownEvent, _ eventID: String) throws -> [RuleResult] {
        guard event.outcome == .failed || event.outcome == .suppressed || event.outcome == .deadLettered else {
            return []
        }
        let sql = """
            SELECT rule_id, group_id, direction, protocol, from_port, to_port, source, description, decision,
                reason, undo
            FROM rules WHERE event_id = ? AND outcome = 'reverted' ORDER BY position
            """
        return try Row.fetchAll(db.cachedStatement(sql: sql), arguments: [eventID]).map { row in
            let decision: String? = row[8]
            return RuleResult(
                ruleID: row[0],
                groupID: row[1],
                direction: try parse(row[2]),
                ipProtocol: row[3],
                fromPort: row[4],
                toPort: row[5],
                source: row[6],
                description: row[7],
                decision: try decision.map(parse),
                reason: row[9],
                outcome: .reverted,
                undo: row[10]
            )
        }
    }
}

extension EventOutcome {
    /// True for what a run found out about the event itself, so that a completed record of it says nothing new.
    fileprivate var isJudged: Bool {
        switch self {
        case .reverted, .unchanged, .allowed, .reported, .suppressed, .notRestored, .conflict: true
        case .ignored, .failed, .deadLettered: false
        }
    }
}
