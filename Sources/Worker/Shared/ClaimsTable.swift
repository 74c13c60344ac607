import AWSClient
import Foundation
import Ledger
import SecurityGroups

/// The claims of a fleet in a DynamoDB table.
///
/// The table's partition key is `pk`, a text; its TTL attribute is `expires_at`, in seconds. These are its items:
///
/// - `event#ID`: an event with its digest, fence, token, lease and outcome;
/// - `call#ID`: a call to EC2 that a host of the fleet made;
/// - `rule#ID`: the reason why a rule was left standing;
/// - `exemptions#all`: the temporary exemptions;
/// - `lease#NAME`: the host that has a lease;
/// - `reverts#GROUP#HOUR`: the reverts that count toward limits.
struct ClaimsTable: SharedClaims {
    let table: TableCalls
    /// The name of this worker. It stands in the table for people who read the table.
    let owner: String
    let clock: WorkerClock
    /// Makes the tokens of claims.
    let makeToken: @Sendable () -> String
    var lease = WorkerOptions.lease
    /// Reads the exemptions. All callers that ask during a read share the next read.
    private let readings: Coalescer<String, Void, SharedReading?>

    init(table: TableCalls, owner: String, clock: WorkerClock, makeToken: @escaping @Sendable () -> String) {
        self.table = table
        self.owner = owner
        self.clock = clock
        self.makeToken = makeToken
        readings = Coalescer(limit: .max) { _, questions in
            let readAt = clock.now()
            let item = try await table.read(SharedExemptions.key)
            let reading = item.map { SharedReading(exemptions: SharedExemptions($0).exemptions, readAt: readAt) }
            return questions.map { reading }
        }
    }

    var isShared: Bool { true }

    /// The number of tries of a claim. A try fails if another host has written since the read.
    private static let tries = 6

    func claim(_ event: EventFacts, _ delivery: Delivery, intent: [String]) async throws -> SharedAnswer {
        if let original = event.originalEventID {
            guard let item = try await table.read(SharedKey.event(original)) else { return .alone }
            if let outcome = item.flatMap(SharedRecord.init)?.outcome, outcome.isJudged { return .duplicate(outcome) }
        }
        var attempt = ClaimAttempt(event, delivery, intent: intent, token: makeToken())
        for _ in 0..<Self.tries {
            switch try await table.write(attempt.write(owner: owner, now: clock.now(), lease: lease)) {
            case nil: return .alone
            case .written: return .run(attempt.claim)
            case .refused(let item):
                if let answer = attempt.refused(by: item, now: clock.now(), lease: lease) { return answer }
            }
        }
        // Other hosts wrote before every try. The event must not wait for the table any longer.
        return .alone
    }

    func renew(_ claims: [SharedClaim]) async throws -> [SharedClaim] {
        var ended: [SharedClaim] = []
        // In the order of the claims and a few at once, so that thousands of messages that wait do not flood the table.
        for chunk in claims.chunks(of: 16) {
            try await withThrowingTaskGroup(of: SharedClaim?.self) { group in
                for claim in chunk {
                    group.addTask {
                        let write = SharedWrite.renew(claim, now: clock.now(), lease: lease)
                        guard case .refused = try await table.write(write) else { return nil }
                        return claim
                    }
                }
                for try await claim in group { ended += [claim].compactMap(\.self) }
            }
        }
        return ended
    }

    func remember(_ ruleIDs: [String], for claim: SharedClaim) async throws {
        let write = SharedWrite.renew(claim, matched: ruleIDs, now: clock.now(), lease: lease)
        if case .refused = try await table.write(write) { throw MessageLost() }
    }

    func finish(_ claim: SharedClaim, _ outcome: EventOutcome, tells: Bool) async throws -> SharedEnding {
        switch try await table.write(SharedWrite.finish(claim, outcome, tells: tells, now: clock.now())) {
        case nil: .unknown
        // An item is removed after a month. By then no other host asks for it.
        case .written, .refused(nil): .done
        case .refused(let item?): SharedRecord(item)?.ending(for: outcome) ?? .lost(isSettled: true)
        }
    }

    func isSettled(_ eventID: String) async throws -> Bool {
        try await table.read(SharedKey.event(eventID)).flatMap(\.self).flatMap(SharedRecord.init)?.isSettled ?? false
    }

    func release(_ claim: SharedClaim) async throws {
        _ = try await table.write(SharedWrite.release(claim))
    }

    func abandon(_ claim: SharedClaim) async throws {
        _ = try await table.write(SharedWrite.renew(claim, now: clock.now(), lease: .zero))
    }

    func keep(ownCalls requestIDs: [String]) async throws {
        for requestID in requestIDs {
            _ = try await table.write(SharedWrite.call(requestID, owner: owner, now: clock.now()))
        }
    }

    func isOwnCall(_ requestID: String) async throws -> Bool {
        try await table.read(SharedKey.call(requestID)).flatMap(\.self) != nil
    }

    func keep(_ rules: [SharedRule]) async throws -> Bool {
        for rule in rules {
            guard try await table.write(rule.write(now: clock.now())) != nil else { return false }
        }
        return true
    }

    func rule(_ ruleID: String) async throws -> SharedRule?? {
        try await table.read(SharedKey.rule(ruleID)).map { $0.flatMap { SharedRule($0, ruleID: ruleID) } }
    }

    func exemptions() async throws -> SharedReading? {
        try await readings.submit([()], for: "all")[0]
    }

    func lease(_ name: String, holder: String, for duration: Duration) async throws -> Bool? {
        switch try await table.write(SharedWrite.lease(name, holder: holder, for: duration, now: clock.now())) {
        case nil: nil
        case .written: true
        case .refused: false
        }
    }

    func reverts(of groupID: String?) async throws -> SharedReverts {
        var reverts = SharedReverts()
        for key in SharedReverts.keys(of: groupID, now: clock.now()) {
            reverts.add(try await table.read(key).flatMap(\.self))
        }
        return reverts
    }

    func keep(_ reverts: [SharedReverts.Entry], of groupID: String?) async throws {
        _ = try await table.write(SharedReverts.write(reverts, of: groupID, now: clock.now()))
    }
}

/// A claim that is being made, as a value. Its input is the item that refused the last write; its output is the next write.
struct ClaimAttempt: Sendable {
    private let event: EventFacts
    private let delivery: Delivery
    private let intent: [String]
    private let token: String
    /// The event's id in the table.
    private var key: String
    private var isConflict = false
    /// The event's item in the table; nil if the table has none, or if it was not read yet.
    private var record: SharedRecord?

    init(_ event: EventFacts, _ delivery: Delivery, intent: [String], token: String) {
        self.event = event
        self.delivery = delivery
        self.intent = intent
        self.token = token
        key = event.eventID
    }

    /// The write that claims the event.
    func write(owner: String, now: Date, lease: Duration) -> DynamoDBWrite {
        SharedWrite.claim(
            SharedKey.event(key),
            after: record,
            digest: event.digest,
            token: token,
            owner: owner,
            replayCount: delivery.replayCount,
            intent: intent,
            now: now,
            lease: lease
        )
    }

    /// The claim that the last write made.
    var claim: SharedClaim {
        SharedClaim(
            key: key,
            fence: (record?.fence ?? 0) + 1,
            token: token,
            replayCount: max(delivery.replayCount, record?.claimReplayCount ?? 0, record?.replayCount ?? 0),
            matchedRuleIDs: record.flatMap { $0.matchedRuleIDs.isEmpty ? nil : $0.matchedRuleIDs },
            isTakeover: record?.leaseUntil != nil,
            isConflict: isConflict,
            told: record?.told ?? []
        )
    }

    /// Takes the item that refused the last write.
    ///
    /// - Returns: The answer; nil if another write is to be tried.
    mutating func refused(by item: DynamoDBItem?, now: Date, lease: Duration) -> SharedAnswer? {
        guard let item else {
            record = nil
            return nil
        }
        // No host can claim the event over an item that no worker wrote.
        guard let found = SharedRecord(item) else { return .alone }
        let verdict = found.verdict(
            digest: event.digest,
            replayCount: delivery.replayCount,
            token: token,
            now: now,
            lease: lease
        )
        switch verdict {
        case .mine: return .run(claim)
        case .held(let until): return .held(until: until)
        case .duplicate(let outcome): return .duplicate(outcome)
        case .takeOver: record = found
        case .conflict:
            guard !isConflict else { return .alone }
            isConflict = true
            key = event.conflictID
            record = nil
        }
        return nil
    }
}
