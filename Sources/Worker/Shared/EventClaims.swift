import Foundation
import Ledger
import Logging
import SecurityGroups

/// The claims on events, in the table of the fleet and in the ledger. The pipeline claims and finishes events only here.
///
/// These are the steps, and the state that a crash after each step leaves:
///
/// 1. *Claim in the table.* The ids of the rules that the record names are kept with the claim. A host that takes over then knows
///    that a missing rule was reverted by this event. The temporary exemptions are read at the same time. After a crash the lease
///    ends within a minute, and the redelivered message is claimed again with a higher fence.
/// 2. *Claim in the ledger.* The ledger also learns the exemptions that it did not know. If the ledger says that the event is
///    done, the run ended while the table was out, or this host crashed between steps 5 and 6; the table gets the outcome now. If
///    another process of this host has the event, the lease in the table ends at once, and the next claim there takes over.
/// 3. *Run.* Both leases are renewed together. A host that was paused for longer than the lease finds its claim lost, and stops.
///    Its reverts are right even if another host runs the event, too.
/// 4. *Approvals in the table*, of the rules that stay. After a crash the other hosts know them, and the next run finds the same.
/// 5. *End in the ledger.* The notice is put into the outbox, and waits there. The approvals that the table did not take wait in
///    the ledger, too. After a crash the event is done in the ledger and open in the table. This host ends it in the table at its
///    next start, unless another host has taken the event over.
/// 6. *End in the table*, under the condition that the fence is still ours. It decides which host did the event and tells people
///    of the outcome. A host that comes too late drops its notice.
/// 7. *Release of the notice*, then the delete of the message. After a crash the message comes again as a duplicate, and the
///    notice is released at the next start.
///
/// Without the table there are no steps 1, 4 and 6. If the table is lost during a run, the notice waits until the table has not
/// answered for a while; see `HeldNotices`.
struct EventClaims: Sendable {
    let writer: LedgerWriter
    var shared: any SharedClaims = LedgerAlone()

    /// Decides what to do with a delivery. If the event is to be run, claims it in the table and in the ledger.
    ///
    /// - Parameters:
    ///   - concernsFleet: False for an event that every host ignores. The table is not called for it.
    ///   - alongside: Further reads and writes in the transaction of the ledger's claim.
    ///   - won: Called in that transaction, before its commit, with a claim under which the event is to be run.
    func claim(
        _ event: EventFacts,
        _ delivery: Delivery,
        intent: [String] = [],
        concernsFleet: Bool = true,
        slot: WorkSlot,
        alongside: @escaping @Sendable (LedgerTransaction) throws -> Void = { _ in },
        won: @escaping @Sendable (Claim) -> Void = { _ in }
    ) async throws -> ClaimResult {
        @Sendable func claim(
            in transaction: LedgerTransaction,
            _ exemptions: SharedReading? = nil,
            isConflict: Bool = false
        ) throws -> ClaimResult {
            try exemptions?.learn(in: transaction)
            try alongside(transaction)
            let result = try transaction.claim(event, delivery: delivery, intent: intent, isConflict: isConflict)
            if case .run(let claim) = result { won(claim) }
            return result
        }
        guard concernsFleet, shared.isShared else { return try await writer.write(slot: slot) { try claim(in: $0) } }
        async let reading = shared.exemptions()
        let answer = try await shared.claim(event, delivery, intent: intent)
        // They were read after the message was received, so that what was added before the event holds for it.
        let exemptions = try await reading
        switch answer {
        case .alone:
            return try await writer.write(slot: slot) { transaction in
                try transaction.mark(LedgerTransaction.tableSilent)
                return try claim(in: transaction, exemptions)
            }
        case .held(let until): return .held(until: until)
        case .duplicate(let outcome):
            try await writer.write(slot: slot) { try $0.countDuplicate(delivery, of: event) }
            return .duplicate(outcome)
        case .run(let hold):
            let result = try await writer.write(slot: slot) {
                try claim(in: $0, exemptions, isConflict: hold.isConflict)
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
        case .held:
            // The table does not know that run. If this host dies, another one takes over from it.
            try await shared.abandon(hold)
        case .duplicate(let outcome):
            // The notice waits under this claim now, so that it is not taken for another host's.
            let eventID = try await writer.write(slot: slot) { try $0.holdNotices(of: event, outcome, for: hold) }
            let ending = try await shared.finish(hold, outcome, tells: eventID != nil)
            if let eventID, ending == .done {
                try await writer.write(slot: slot) { try $0.releaseNotices(of: eventID, under: hold) }
            }
        }
        return result
    }

    /// Renews claims in the table and in the ledger. Their leases then end one lease from now.
    ///
    /// - Returns: The claims that another worker has taken over.
    func renew(_ claims: [Claim]) async throws -> Set<Claim> {
        async let endedHere = writer.writeOnce { try $0.renew(claims) }
        let ended = Set(try await shared.renew(claims.compactMap(\.shared)))
        let endedThere = claims.filter { $0.shared.map(ended.contains) ?? false }
        return Set(try await endedHere).union(endedThere)
    }

    /// Writes the rules that a run is about to revert into the table and the ledger, and renews the lease in the table.
    ///
    /// - Throws: `MessageLost` or `LedgerError.claimLost` if another worker has taken the event over.
    func remember(_ ruleIDs: [String], for claim: Claim) async throws {
        try await writer.write { try $0.remember(matched: ruleIDs, for: claim) }
        guard let hold = claim.shared else { return }
        let known = Set(claim.kept).union(hold.matchedRuleIDs ?? [])
        try await shared.remember(ruleIDs.filter { !known.contains($0) }, for: hold)
    }

    /// Records the end of a run in the table and in the ledger.
    ///
    /// - Throws: `MessageLost` if another host has taken the event over. That host deletes the message.
    func finish(
        _ claim: Claim,
        with result: RunResult,
        call: Date? = nil,
        limits: RevertLimits = RevertLimits(),
        now: Date = .distantPast,
        slot: WorkSlot?
    ) async throws {
        var result = result
        if let hold = claim.shared, hold.told.contains(result.outcome) { result.notify = false }
        let recorded = result
        let told = try await tellable(recorded)
        let explained = SharedRule.all(of: told, eventID: claim.eventID, call: call, now: now)
        let isTold = try await shared.keep(explained)
        try await writer.write(slot: slot) { transaction in
            try transaction.finish(claim, with: recorded)
            if !isTold { try transaction.keep(untold: explained) }
        }
        guard shared.isShared else { return }
        async let kept: Void = shared.keep(ownCalls: recorded.ownRequestIDs)
        async let counted: Void = count(recorded, of: claim, limits: limits, now: now)
        if let hold = claim.shared {
            let ending = try await shared.finish(hold, recorded.outcome, tells: recorded.notify)
            // These calls were made, whoever did the event.
            _ = try await (kept, counted)
            switch ending {
            case .lost, .late: throw MessageLost()
            case .done where recorded.notify:
                try await writer.write(slot: slot) { try $0.releaseNotices(of: claim.eventID, under: hold) }
            // HeldNotices asks the table again for the host that did the event.
            case .done, .unknown: break
            }
        } else {
            _ = try await (kept, counted)
        }
    }

    /// The result as the other hosts are told of it: where this ledger keeps another approval of a rule, they are told that one.
    private func tellable(_ result: RunResult) async throws -> RunResult {
        guard shared.isShared, result.sightings.contains(where: { $0.approval?.elsewhere != nil }) else {
            return result
        }
        let told = result
        return try await writer.write { transaction in
            var told = told
            for index in told.sightings.indices {
                if let kept = try transaction.keptApproval(told.sightings[index], lending: told.lending) {
                    told.sightings[index].approval = kept
                }
            }
            return told
        }
    }

    /// Writes the rules into the table that have waited for it in the ledger.
    func tellUntold() async throws {
        guard shared.isShared else { return }
        let rules = try await writer.writeOnce { try $0.untoldRules() }
        guard !rules.isEmpty, try await shared.keep(rules) else { return }
        try await writer.writeOnce { try $0.forget(told: rules) }
    }
}
