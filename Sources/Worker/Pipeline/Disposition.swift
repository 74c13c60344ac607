import AWSClient
import CloudTrailEvents
import Ledger
import Logging
import SecurityGroups
import Synchronization

/// The treatment of a message after its event was handled.
enum Disposition: Hashable, Sendable {
    /// It is finished and recorded. Delete it.
    case delete
    /// Postpone it by this time.
    case postpone(Duration)
    /// Postpone it by this time. A worker with `--until-empty` does not wait for it.
    case setAside(Duration)
}

/// The end of one run of an event.
enum Ending: Sendable {
    /// The run has a result. If its outcome is `failed` or `suppressed`, the event runs again.
    case finished(RunResult)
    /// The message can never be handled.
    case deadLetter(DeadLetterReason, error: String, RunResult)

    /// The end for an event that is ignored.
    static func ignored(_ reason: IgnoreReason) -> Self {
        .finished(RunResult(outcome: .ignored, reason: reason.rawValue))
    }

    /// The end for a message that can never be handled and of which nothing else is known.
    static func deadLetter(_ reason: DeadLetterReason, _ error: String) -> Self {
        .deadLetter(reason, error: error, RunResult(outcome: .deadLettered))
    }
}

/// One run of one event: the message that brought it, if any, and everything that judges it.
///
/// It is a class, because thousands of runs may wait, and each frame of a waiting task would otherwise hold a copy of
/// this large value.
final class EventRun: Sendable {
    /// The message that brought the event; nil for an event of our own.
    let message: SQSMessage?
    let record: EventRecord
    let claim: Claim
    /// The look that began with the claim; nil for none.
    let early: EarlyLook?
    /// The policy at the start of the run. A policy that replaces it judges the next run.
    let policy: Policy
    let slot: WorkSlot
    let logger: Logger
    /// The time of the claim.
    let begunAt: ContinuousClock.Instant
    /// The source from which the worker learned of the event.
    let occasion: RevertPlanner.Occasion
    /// Why an event of our own was made.
    let reason: String?
    /// True if people have been told that the rule of this event stands and is only reported.
    let isToldAsReported: Bool
    private let isChanging = Atomic(false)

    init(
        message: SQSMessage?,
        record: EventRecord,
        claim: Claim,
        early: EarlyLook? = nil,
        policy: Policy,
        slot: WorkSlot,
        logger: Logger,
        begunAt: ContinuousClock.Instant,
        occasion: RevertPlanner.Occasion = .record,
        reason: String? = nil,
        isToldAsReported: Bool = false
    ) {
        self.message = message
        self.record = record
        self.claim = claim
        self.early = early
        self.policy = policy
        self.slot = slot
        self.logger = logger
        self.begunAt = begunAt
        self.occasion = occasion
        self.reason = reason
        self.isToldAsReported = isToldAsReported
    }

    var event: CloudTrailEvent { record.event }
    var content: EventContent { record.content }

    /// True once the run may have changed a rule.
    var mayHaveReverted: Bool { isChanging.load(ordering: .acquiring) }

    /// Notes that the run is about to change a rule.
    func willChange() { isChanging.store(true, ordering: .releasing) }
}

/// A record of a call, as a message brought it.
final class EventRecord: Sendable {
    let event: CloudTrailEvent
    let content: EventContent
    /// The content of its record in the ledger.
    let facts: EventFacts

    init(_ event: CloudTrailEvent, _ content: EventContent) {
        self.event = event
        self.content = content
        let all = EventFacts(event, content.change)
        // A flood of records that are no change takes little room in the ledger.
        facts = content.change == nil ? all.shortened : all
    }

    /// False for what is none of our business on any host. Of a test event the table tells who took it.
    var concernsFleet: Bool {
        if case .ignored = content { event.eventName == TestEvent.eventName } else { true }
    }
}

/// The content of a message's body.
enum MessageContent: Sendable {
    /// A record of a call.
    case event(EventRecord)
    /// No record, for this reason.
    case noEvent(DeadLetterReason, detail: String)

    init(body: String) {
        switch DecodedMessage(body: body) {
        case .change(let event, let change): self = .event(EventRecord(event, .change(change)))
        case .ignored(let event, let reason): self = .event(EventRecord(event, .ignored(reason)))
        case .unreadable(let unreadable):
            let reason = DeadLetterReason(unreadable.reason)
            self =
                unreadable.event.map { .event(EventRecord($0, .unreadable(reason, unreadable.detail))) }
                ?? .noEvent(reason, detail: unreadable.detail)
        }
    }
}

/// The content of a record.
enum EventContent: Sendable {
    /// A change of a group's rules.
    case change(SecurityGroupChange)
    /// The event is ignored, for this reason.
    case ignored(IgnoreReason)
    /// The record cannot be read, for this reason.
    case unreadable(DeadLetterReason, String)

    /// The change of rules; nil if the call changed none that is known.
    var change: SecurityGroupChange? {
        if case .change(let change) = self { change } else { nil }
    }
}

extension DeadLetterReason {
    fileprivate init(_ reason: UnreadableReason) {
        switch reason {
        case .notJSON: self = .notJSON
        case .noEventID: self = .noEventID
        case .undecodable: self = .undecodable
        }
    }
}

extension DecodedMessage {
    /// The facts of the record, if they could be read.
    var event: CloudTrailEvent? {
        switch self {
        case .change(let event, _), .ignored(let event, _): event
        case .unreadable(let unreadable): unreadable.event
        }
    }

    /// The change of rules; nil if the call changed none that is known.
    var change: SecurityGroupChange? {
        if case .change(_, let change) = self { change } else { nil }
    }
}
