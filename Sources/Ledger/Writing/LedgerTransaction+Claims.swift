import Formats
import Foundation
import GRDB
import SecurityGroups

extension LedgerTransaction {
    /// Decides what to do with a delivery of an event, and claims the event if it is to run.
    ///
    /// A new event runs. An event with a live claim is held. An event runs again if its claim ran out, if its outcome
    /// is not final or `dead-lettered`, or if the message was replayed more often than the ledger has seen. Every other
    /// delivery is a duplicate. An event id that the ledger knows with another digest is a conflict: an event of its
    /// own. An addendum whose original was judged is a delivery of the original; otherwise it runs under its own id.
    ///
    /// - Parameter intent: The ids of the rules that the record names, to be kept with the claim as
    ///   `remember(matched:for:)` would.
    /// - Parameter isConflict: True where the fleet knows the event id with another digest, whatever this ledger knows.
    package func claim(
        _ event: EventFacts,
        delivery: Delivery,
        intent: [String] = [],
        isConflict: Bool = false
    ) throws -> ClaimResult {
        if let (known, outcome) = try judgedOriginal(of: event) {
            try count(delivery, of: known)
            return .duplicate(outcome)
        }
        let intent = intent.map(\.bounded)
        if isConflict { return try claimConflict(event, delivery, intent) }
        if try insert(event, as: event.eventID, delivery, intent) {
            var claim = Claim(eventID: event.eventID, fence: 1, attempt: 1)
            claim.kept = intent
            claim.knowsRules = try hasSeen(intent, in: event.groupID)
            return .run(claim)
        }
        let known = try require(event.eventID)
        guard known.digest != event.digest else { return try claim(known, event, delivery, intent, isConflict: false) }
        return try claimConflict(event, delivery, intent)
    }

    /// Claims a record whose event id is known with another digest, as an event of its own.
    private func claimConflict(_ event: EventFacts, _ delivery: Delivery, _ intent: [String]) throws -> ClaimResult {
        let eventID = event.conflictID
        if try insert(event, as: eventID, delivery, intent) {
            var claim = Claim(eventID: eventID, fence: 1, attempt: 1, isConflict: true)
            claim.kept = intent
            claim.knowsRules = try hasSeen(intent, in: event.groupID)
            return .run(claim)
        }
        return try claim(try require(eventID), event, delivery, intent, isConflict: true)
    }

    /// Records the rules that a run is about to revoke, together with those of earlier runs.
    ///
    /// A run that takes over from one that died sees from it which missing rules the event removed. If the record has
    /// no rule ids, a later run touches no other rules.
    ///
    /// - Throws: `LedgerError.claimLost` if the claim has ended.
    package func remember(matched ruleIDs: [String], for claim: Claim) throws {
        let changed = try statement(.remember).execute {
            $0.text(ruleIDs.map(\.bounded).jsonText)
            $0.text(claim.eventID)
            $0.integer(claim.fence)
        }
        guard changed > 0 else { throw LedgerError.claimLost(eventID: claim.eventID, fence: claim.fence) }
    }

    /// Renews the leases of `claims`: each ends `duration` from now, by default one lease.
    ///
    /// - Returns: The claims that have ended. Their runs must stop. A claim whose lease ran out but that nobody took is
    ///   still held.
    package func renew(_ claims: [Claim], for duration: Duration? = nil) throws -> [Claim] {
        let until = text(after: duration ?? lease)
        return try claims.filter { claim in
            let changed = try statement(.renew).execute {
                $0.text(until)
                $0.text(claim.eventID)
                $0.integer(claim.fence)
            }
            return changed == 0
        }
    }

    /// Gives back the claim of a run that changed nothing, so that the next claim takes over from nobody.
    package func release(_ claim: Claim) throws {
        try statement(.release).execute {
            $0.text(claim.eventID)
            $0.integer(claim.fence)
        }
    }

    /// Writes a new event and its first claim. Returns false if the ledger knows the id.
    private func insert(
        _ event: EventFacts,
        as eventID: String,
        _ delivery: Delivery,
        _ intent: [String]
    ) throws -> Bool {
        let seq = try nextSeq()
        let changed = try statement(.insertEvent).execute {
            $0.text(eventID)
            $0.text(delivery.messageID)
            $0.text(RFC3339.format(delivery.receivedAt))
            $0.text(worker)
            $0.text(text(after: lease))
            $0.integer(Int64(delivery.replayCount))
            $0.text(intent.isEmpty ? nil : intent.jsonText)
            $0.integer(seq)
            for column in EventFacts.columns { $0.value(column.value(event)) }
        }
        guard changed > 0 else { return false }
        try appendClaim(eventID, attempt: 1, fence: 1, delivery, before: nil, event)
        return true
    }

    /// Claims an event that the ledger knows, unless it is held or done.
    private func claim(
        _ known: KnownEvent,
        _ event: EventFacts,
        _ delivery: Delivery,
        _ intent: [String],
        isConflict: Bool
    ) throws -> ClaimResult {
        try count(delivery, of: known)
        if let leaseUntil = known.leaseUntil {
            if ClaimRules.isHeld(until: leaseUntil, now: now, lease: lease, slack: .seconds(1)) {
                return .held(until: leaseUntil)
            }
        } else if let outcome = known.outcome,
            ClaimRules.isDuplicate(of: outcome, replayCount: delivery.replayCount, known: known.replayCount)
        {
            return .duplicate(outcome)
        }
        var claim = Claim(
            eventID: known.eventID,
            fence: known.fence + 1,
            attempt: known.attempts + 1,
            isConflict: isConflict,
            matchedRuleIDs: known.matchedRuleIDs,
            isTakeover: known.leaseUntil != nil,
            alreadyReverted: try alreadyReverted(known)
        )
        claim.kept = intent
        claim.knowsRules = try hasSeen(intent, in: event.groupID)
        try takeOver(known, by: claim, delivery, intent)
        return .run(claim)
    }

    /// Writes the next claim of an event that the ledger knows.
    private func takeOver(_ known: KnownEvent, by claim: Claim, _ delivery: Delivery, _ intent: [String]) throws {
        let earlier = known.matchedRuleIDs ?? []
        let matched = intent.isEmpty ? nil : earlier + intent.filter { !earlier.contains($0) }
        let seq = try appendClaim(
            known.eventID,
            attempt: claim.attempt,
            fence: claim.fence,
            delivery,
            before: known.lastSeq,
            nil
        )
        try statement(.takeEvent).execute {
            $0.integer(claim.fence)
            $0.integer(Int64(claim.attempt))
            $0.text(worker)
            $0.text(text(after: lease))
            $0.integer(Int64(delivery.replayCount))
            $0.text(matched?.jsonText)
            $0.integer(seq)
            $0.integer(known.number)
        }
    }

    @discardableResult
    private func appendClaim(
        _ eventID: String,
        attempt: Int,
        fence: Int64,
        _ delivery: Delivery,
        before: Int64?,
        _ event: EventFacts?
    ) throws -> Int64 {
        try append(.claimed, eventID: eventID, before: before) { json in
            json.member("attempt", .integer(Int64(attempt)))
            if let event { json.object("event") { $0.members(EventFacts.columns, of: event) } }
            json.member("fence", .integer(fence))
            json.member("message_id", .text(delivery.messageID))
            json.member("received_at", .text(RFC3339.format(delivery.receivedAt)))
            json.member("replay_count", .integer(Int64(delivery.replayCount)))
        }
    }

    func count(_ delivery: Delivery, of known: KnownEvent) throws {
        guard delivery.messageID != known.messageID else { return }
        let isNew = try statement(.addDelivery).execute {
            $0.integer(known.number)
            $0.text(delivery.messageID)
        }
        if isNew > 0 { try statement(.countDelivery).execute { $0.integer(known.number) } }
    }

    private func alreadyReverted(_ event: KnownEvent) throws -> [RuleResult] {
        guard let outcome = event.outcome, !outcome.isFinal || outcome == .deadLettered else { return [] }
        let sql = """
            SELECT rule_id, group_id, direction, protocol, from_port, to_port, source, description, decision,
                reason, undo
            FROM rules WHERE number = ? AND outcome = 'reverted' ORDER BY position
            """
        return try Row.fetchAll(db.cachedStatement(sql: sql), arguments: [event.number]).map { row in
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

extension EventFacts {
    /// The id of a record whose event id is known with another digest.
    package var conflictID: String { "\(eventID)~\(digest.prefix(12))" }
}

extension EventOutcome {
    /// True for what a run found out about the event itself, so that a completed record of it says nothing new.
    package var isJudged: Bool {
        switch self {
        case .reverted, .unchanged, .allowed, .reported, .suppressed, .notRestored, .conflict: true
        case .ignored, .failed, .deadLettered: false
        }
    }
}
