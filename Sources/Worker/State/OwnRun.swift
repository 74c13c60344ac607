import AWSClient
import CloudTrailEvents
import Foundation
import Ledger
import Logging
import SecurityGroups

/// An event that sg-revert makes itself of a rule that stands: the rule is judged as if somebody had just added it.
struct OwnRun: Sendable {
    let rule: StandingRule
    let event: CloudTrailEvent
    let change: SecurityGroupChange
    let occasion: RevertPlanner.Occasion
    /// The reason why the event was made, in one line.
    let reason: String
    /// True for an event that was begun earlier and has not ended.
    private(set) var isAgain = false
    /// The place of the rule; nil for a Region that cannot exist.
    let place: Place?
    /// The instant until which the run may wait for the reverts of messages; nil if it does not wait.
    private(set) var waitEnd: ContinuousClock.Instant?

    /// The event of a rule that nothing explains.
    init(sweeping unexplained: LedgerTransaction.Unexplained) {
        self.init(
            unexplained.rule,
            id: unexplained.eventID,
            name: OwnEvent.sweep,
            time: unexplained.rule.since,
            occasion: .sweep,
            reason: Self.unexplained
        )
    }

    /// An event that was begun earlier and has not ended.
    ///
    /// - Parameter exemption: The exemption that has ended and to which the rule belongs; nil if there is none.
    init(again open: LedgerTransaction.OpenEvent, after exemption: Exemption?) {
        self.init(
            open.rule,
            id: open.eventID,
            name: open.name,
            time: open.time,
            occasion: exemption == nil ? .sweep : .exemptionEnd,
            reason: exemption.map(Self.over) ?? Self.unexplained
        )
        isAgain = true
    }

    /// The event of a rule whose exemption ended.
    init(closing rule: StandingRule, after exemption: Exemption, eventID: String) {
        self.init(
            rule,
            id: eventID,
            name: OwnEvent.exemptionEnd,
            time: max(exemption.until ?? rule.since, rule.approval?.eventTime ?? .distantPast),
            occasion: .exemptionEnd,
            reason: Self.over(exemption)
        )
    }

    /// The same run, which may wait for the reverts of messages until this instant.
    func waiting(until end: ContinuousClock.Instant) -> Self {
        var run = self
        run.waitEnd = end
        return run
    }

    private static let unexplained = "the rule stands, and no event, policy, baseline or exemption explains it"

    private static func over(_ exemption: Exemption) -> String { "the exemption is over: \(exemption.origin)" }

    private init(
        _ rule: StandingRule,
        id: String,
        name: String,
        time: Date,
        occasion: RevertPlanner.Occasion,
        reason: String
    ) {
        self.rule = rule
        self.occasion = occasion
        self.reason = reason
        place = AWSRegion(rule.region).map { Place(account: rule.account.flatMap { AccountID($0) }, region: $0) }
        event = CloudTrailEvent(
            ownEventID: id,
            eventName: name,
            eventTime: time,
            region: rule.region,
            account: rule.account,
            groupID: rule.groupID.description,
            detail: OwnEvent.detail(name, of: rule)
        )
        let changed = ChangedRule(
            id: rule.id.description,
            direction: rule.content.rule.direction,
            traffic: rule.content.rule.traffic,
            ruleDescription: rule.content.ruleDescription,
            peerOwner: rule.content.peerOwner
        )
        change = SecurityGroupChange(
            kind: rule.isEdit ? .ruleModified : rule.content.rule.direction.added,
            groupID: rule.groupID.description,
            rules: [changed]
        )
    }
}

extension MessagePipeline {
    /// Claims and judges an event that sg-revert made, and records its outcome.
    ///
    /// It takes no slot from messages, and waits while messages need EC2's quota, until `waitEnd` at the latest. During an outage it
    /// does not wait, and runs again after a later look.
    ///
    /// - Returns: The outcome; nil if another worker has the event, if it is done, or if EC2 is out in its place.
    func judge(_ own: OwnRun, logger: Logger) async throws -> EventOutcome? {
        if let place = own.place {
            let lane = Lane(.ec2, account: place.account, region: place.region)
            if revert.lanes?.board.isOut(lane) == true { return nil }
            try await giveWay(in: place, until: own.waitEnd)
        }
        let known =
            switch own.occasion {
            case .sweep: try await explanation(of: own.rule)
            default: try await isApprovedElsewhere(own.rule) ? Explanation.approved : .none
            }
        if known == .unknown { return nil }
        // An event that was begun earlier runs to its end. It finds the approval itself.
        if known == .approved, !own.isAgain { return .allowed }
        guard let run = try await claim(own, isToldAsReported: known == .reported, logger) else { return nil }
        var pipeline = self
        pipeline.revert = revert.impatient
        do {
            return try await settle(try await pipeline.ending(of: run), of: run).outcome
        } catch is MessageLost {
            return nil
        } catch let error as OutageLasted {
            await claims.giveUp(run.claim, mayHaveReverted: run.mayHaveReverted)
            throw error
        }
    }

    /// The run of an event that sg-revert made; nil if another worker has the event, or if it is done.
    private func claim(_ own: OwnRun, isToldAsReported: Bool, _ logger: Logger) async throws -> EventRun? {
        let brought = EventRecord(own.event, .change(own.change))
        let delivery = Delivery(messageID: own.event.eventID, receivedAt: clock.now())
        let slot = WorkSlot(clock: clock)
        let claim: Claim
        switch try await claims.claim(brought.facts, delivery, slot: slot) {
        case .run(let own): claim = own
        case .held: return nil
        case .duplicate(let outcome):
            try await writer.write { try $0.keep(outcome, ofElsewhere: brought.facts, delivery) }
            return nil
        }
        var logger = logger
        logger[metadataKey: "event.id"] = "\(own.event.eventID)"
        return EventRun(
            message: nil,
            record: brought,
            claim: claim,
            policy: policies.current,
            slot: slot,
            logger: logger,
            begunAt: clock.instant(),
            occasion: own.occasion,
            reason: own.reason,
            isToldAsReported: isToldAsReported
        )
    }

    /// Waits while the reverts of messages use more than half of EC2's quota.
    private func giveWay(in place: Place, until end: ContinuousClock.Instant?) async throws {
        while let end, clock.instant() < end, !revert.gateway.hasRoom(in: place) {
            try await clock.sleep(.milliseconds(200))
        }
    }
}
