import CloudTrailEvents
import Foundation
import Ledger
import SecurityGroups

/// What one run of one event asks of the ledger, and what it tells its claim.
struct RunJournal: Sendable {
    /// Records the ids of all rules that runs of the event have tried to revert or are about to. Throws if the run must
    /// end.
    var intend: @Sendable ([SecurityGroupRuleID]) async throws -> Void = { _ in }
    /// Called before each call that changes something.
    var willChange: @Sendable () -> Void = {}
    /// True once the claim is so old that another worker may have the event. Then `intend` is called again before a change, since
    /// it fails where the claim has ended.
    var mayBeLost: @Sendable () -> Bool = { false }
    /// True for a record that comes so late that a person may have approved its rules on another host meanwhile.
    var isLate: @Sendable () -> Bool = { false }
    /// Answers what is known of each rule beside the event.
    var recall: @Sendable ([RuleQuestion]) async throws -> [RulePast] = { $0.map { _ in RulePast() } }
    /// Returns the content that another record tells for rules that are gone; nil if none contradicts.
    var contradiction: @Sendable ([RuleQuestion]) async throws -> String? = { _ in nil }
    /// Returns true if the ledger saw the group in EC2 well before this time.
    var knewGroup: @Sendable (Date) async throws -> Bool = { _ in false }
}

extension RunJournal {
    /// A record that is older came late. Most come within seconds of their call.
    private static let lateness: TimeInterval = 120

    private static func isLate(_ watched: WatchedChange, now: Date) -> Bool {
        guard watched.planner.occasion == .record, !watched.change.kind.isRemoval else { return false }
        return watched.event.eventTime.map { now.timeIntervalSince($0) >= lateness } ?? false
    }

    /// The journal of one claim, which is `age` old.
    init(
        _ claims: EventClaims,
        _ claim: Claim,
        of watched: WatchedChange,
        time: AWSTime,
        clock: WorkerClock,
        willChange: @escaping @Sendable () -> Void,
        age: @escaping @Sendable () -> Duration
    ) {
        self.willChange = willChange
        mayBeLost = { age() >= WorkerOptions.lease / 2 }
        let writer = claims.writer
        let groupID = watched.groupID.description
        // A run may wait for long.
        let isLate: @Sendable () -> Bool = { claims.shared.isShared && Self.isLate(watched, now: time.now) }
        self.isLate = isLate
        let query = PastQuery(eventID: claim.eventID, watched, time)
        intend = { ids in
            try await claims.remember(ids.map(\.description), for: claim)
        }
        recall = { questions in
            try await claims.past(of: questions, query, isLate: isLate(), now: clock.now())
        }
        contradiction = { questions in
            try await writer.write { transaction in
                try questions.lazy.compactMap { try transaction.contradiction(ofGone: $0, query) }.first
            }
        }
        knewGroup = { time in
            try await writer.write { try $0.knewGroup(groupID, before: time, but: claim.eventID) }
        }
    }
}

extension PastQuery {
    fileprivate init(eventID: String, _ watched: WatchedChange, _ time: AWSTime) {
        self.init(
            eventID: eventID,
            groupID: watched.groupID.description,
            eventTime: watched.event.eventTime,
            isRemoval: watched.change.kind.isRemoval,
            limits: watched.planner.policy.limits,
            caller: watched.planner.context.caller,
            lending: watched.planner.policy.lending,
            // An event of our own is dated by this host's clock.
            clockError: watched.planner.occasion == .record ? time.error : 0
        )
    }
}
