import Foundation
import Ledger
import Logging
import SecurityGroups

/// The claims on events: the fleet's and the ledger's together. The pipeline claims and finishes here and nowhere else.
///
/// The order, and what a crash after each step leaves:
///
/// 1. *The fleet's claim.* A crash leaves a lease in the table. It ends after a minute, and the redelivered message is claimed
///    anew with a higher fence. The rules that the record names are kept with the claim, so that the host that takes over knows
///    whose doing a missing rule is. Beside it the temporary exemptions are read.
/// 2. *The ledger's claim*, and the exemptions that the ledger did not know. Where the ledger says that the event is done, the run ended while the table was out, or this host
///    crashed between 4 and 5: the table learns the outcome now. Where another process of this host has the event, the fleet's
///    claim is given back.
/// 3. *The run.* Its reverts are right whoever else runs. Both leases are renewed together; a host that was paused for longer
///    than the lease finds the claim lost and stops.
/// 4. *The ledger's end*, with the notice in the outbox, which waits there. A crash leaves the event done here and open in the
///    table. This host tells the table when it starts again, if no other host has taken the event over by then.
/// 5. *The fleet's end*, under the condition that the fence is still ours. It decides which host did the event, and which one
///    tells of the outcome. A host that comes too late drops its notice.
/// 6. *The notice is let go*, and the message is deleted. A crash leaves a duplicate, and a notice that is let go at the next
///    start.
///
/// Without the table steps 1 and 5 are nothing. The notice of a run that was claimed in the table waits until the table has been
/// silent for a while; see `HeldNotices`.
struct EventClaims: Sendable {
    let writer: LedgerWriter
    var shared: any SharedClaims = LedgerAlone()

    /// Decides what to do with a delivery, and if the event is to be run, claims it on both.
    ///
    /// - Parameters:
    ///   - concernsFleet: False for an event that changes nothing wherever it runs, so that it is not worth a call.
    ///   - alongside: What else is read or written in the transaction of the ledger's claim.
    func claim(
        _ event: EventFacts,
        _ delivery: Delivery,
        intent: [String] = [],
        concernsFleet: Bool = true,
        slot: WorkSlot,
        alongside: @escaping @Sendable (LedgerTransaction) throws -> Void = { _ in }
    ) async throws -> ClaimResult {
        async let reading = concernsFleet ? shared.exemptions() : nil
        let answer = concernsFleet ? try await shared.claim(event, delivery, intent: intent) : .alone
        // They were read after the message was received, so that what was added before the event holds for it.
        let exemptions = try await reading
        switch answer {
        case .alone:
            return try await writer.write(slot: slot) { transaction in
                try exemptions?.learn(in: transaction)
                try alongside(transaction)
                return try transaction.claim(event, delivery: delivery, intent: intent)
            }
        case .held(let until):
            return .held(until: until)
        case .duplicate(let outcome):
            try await writer.write(slot: slot) { try $0.countDuplicate(delivery, of: event) }
            return .duplicate(outcome)
        case .run(let hold):
            let result = try await writer.write(slot: slot) { transaction in
                try exemptions?.learn(in: transaction)
                try alongside(transaction)
                return try transaction.claim(event, delivery: delivery, intent: intent, isConflict: hold.isConflict)
            }
            return try await join(result, hold, event, slot)
        }
    }

    private func join(
        _ result: ClaimResult,
        _ hold: SharedClaim,
        _ event: EventFacts,
        _ slot: WorkSlot
    ) async throws -> ClaimResult {
        switch result {
        case .run(let claim): return .run(claim.joined(with: hold))
        case .held: try await shared.release(hold)
        case .duplicate(let outcome):
            // The notice waits under this claim now, so that it is not taken for another host's.
            let tells = try await writer.write(slot: slot) { try $0.holdNotices(of: event.eventID, for: hold) }
            let ending = try await shared.finish(hold, outcome, tells: tells)
            if tells, ending == .done {
                try await writer.write(slot: slot) { try $0.releaseNotices(of: event.eventID) }
            }
        }
        return result
    }

    /// Makes the leases of claims end one lease from now, on both.
    ///
    /// - Returns: The claims that somebody else has taken over.
    func renew(_ claims: [Claim]) async throws -> Set<Claim> {
        async let endedHere = writer.writeOnce { try $0.renew(claims) }
        let ended = Set(try await shared.renew(claims.compactMap(\.shared)))
        let endedThere = claims.filter { $0.shared.map(ended.contains) ?? false }
        return Set(try await endedHere).union(endedThere)
    }

    /// Keeps which rules a run is about to revert, on both, and renews the fleet's lease.
    ///
    /// - Throws: `MessageLost` or `LedgerError.claimLost` where somebody else has taken the event over.
    func remember(_ ruleIDs: [String], for claim: Claim) async throws {
        try await writer.write { try $0.remember(matched: ruleIDs, for: claim) }
        guard let hold = claim.shared else { return }
        let known = Set(claim.kept).union(hold.matchedRuleIDs ?? [])
        try await shared.remember(ruleIDs.filter { !known.contains($0) }, for: hold)
    }

    /// Records the end of a run on both.
    ///
    /// - Throws: `MessageLost` where another host took the event over meanwhile: the message is that host's to delete.
    func finish(
        _ claim: Claim,
        with result: RunResult,
        limits: RevertLimits = RevertLimits(),
        now: Date = .distantPast,
        slot: WorkSlot?
    ) async throws {
        var result = result
        if let hold = claim.shared, hold.told.contains(result.outcome) { result.notify = false }
        let recorded = result
        try await writer.write(slot: slot) { try $0.finish(claim, with: recorded) }
        guard shared.isShared else { return }
        async let kept: Void = shared.keep(ownCalls: recorded.ownRequestIDs)
        async let explained: Void = shared.keep(SharedRule.all(of: recorded, eventID: claim.eventID))
        async let counted: Void = count(recorded, of: claim, limits: limits, now: now)
        if let hold = claim.shared {
            switch try await shared.finish(hold, recorded.outcome, tells: recorded.notify) {
            case .lost: throw MessageLost()
            case .done where recorded.notify:
                try await writer.write(slot: slot) { try $0.releaseNotices(of: claim.eventID) }
            // Whose event it is by now, HeldNotices asks again.
            case .done, .unknown: break
            }
        }
        _ = try await (kept, explained, counted)
    }
}
