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
    /// Why the event was made, in one line.
    let reason: String

    /// The event of a rule that nothing explains.
    init(sweeping unexplained: LedgerTransaction.Unexplained) {
        self.init(
            unexplained.rule,
            id: unexplained.eventID,
            name: OwnEvent.sweep,
            time: unexplained.rule.since,
            occasion: .sweep,
            reason: "the rule stands, and no event, policy, baseline or exemption explains it"
        )
    }

    /// The event of a rule whose exemption ended.
    init(closing rule: StandingRule, after exemption: Exemption, eventID: String) {
        self.init(
            rule,
            id: eventID,
            name: OwnEvent.exemptionEnd,
            time: exemption.until ?? rule.since,
            occasion: .exemptionEnd,
            reason: "the exemption is over: \(exemption.origin)"
        )
    }

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
        event = CloudTrailEvent(
            ownEventID: id,
            eventName: name,
            eventTime: time,
            region: rule.region,
            account: rule.account,
            groupID: rule.groupID.description,
            detail: "\(name) \(rule.groupID) \(rule.id) \(rule.content.rule)"
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
    /// Claims an event of our own, as a message's is claimed, judges it and records how that came out.
    ///
    /// It takes no slot, and does not wait through an outage: what fails runs again at a later look.
    ///
    /// - Returns: the outcome; nil where another worker has the event, or it is done.
    func judge(_ own: OwnRun, logger: Logger) async throws -> EventOutcome? {
        var isReported = false
        if own.occasion == .sweep {
            switch try await explanation(of: own.rule) {
            case .unknown: return nil
            case .exempt: return .allowed
            case .reported: isReported = true
            case .none: break
            }
        }
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
        let run = EventRun(
            message: SQSMessage(messageID: own.event.eventID, receiptHandle: "", body: ""),
            record: brought,
            claim: claim,
            policy: policies.current,
            slot: slot,
            logger: logger,
            begunAt: clock.instant(),
            occasion: own.occasion,
            reason: own.reason
        )
        var pipeline = self
        pipeline.revert = revert.withoutLanes
        let result = try await pipeline.ownResult(of: run)
        do {
            try await record(result, of: run, isTold: isReported && result.outcome == .reported)
        } catch is MessageLost {
            return nil
        }
        return result.outcome
    }

    /// The result of a run; there is no message that could be a dead letter.
    private func ownResult(of run: EventRun) async throws -> RunResult {
        switch try await ending(of: run) {
        case .finished(let result): return result
        case .deadLetter(_, let error, var result):
            result.outcome = .failed
            result.errorMessage = error
            return result
        }
    }
}
