import AWSClient
import CloudTrailEvents
import Ledger
import Logging
import SecurityGroups

/// What is to be done with a message after its event was handled.
enum Disposition: Hashable, Sendable {
    /// It is finished, and recorded as such.
    case delete
    /// It comes again after this time.
    case postpone(Duration)
    /// It comes again after this time, and a worker that is to end by itself does not wait for it.
    case setAside(Duration)
}

/// How one run of an event ended.
enum Ending: Sendable {
    /// With an outcome. Where the outcome is `failed` the event is run again, and where it is `suppressed` it waits.
    case finished(RunResult)
    /// The message can never be handled.
    case deadLetter(DeadLetterReason, error: String, RunResult)

    /// An event that is not for us.
    static func ignored(_ reason: IgnoreReason) -> Self {
        .finished(RunResult(outcome: .ignored, reason: reason.rawValue))
    }

    /// A message that can never be handled, of which nothing else is known.
    static func deadLetter(_ reason: DeadLetterReason, _ error: String) -> Self {
        .deadLetter(reason, error: error, RunResult(outcome: .deadLettered))
    }
}

/// One run of one event: the message that brought it, and everything that judges it from start to end.
///
/// A class, because thousands of runs may wait, and each frame of a waiting task would hold a copy of a value of this size.
final class EventRun: Sendable {
    let message: SQSMessage
    let record: EventRecord
    let claim: Claim
    /// The policy that held when the run began. A policy that is replaced meanwhile judges the next run.
    let policy: Policy
    let slot: WorkSlot
    let logger: Logger
    /// When the claim was made.
    let begunAt: ContinuousClock.Instant

    init(
        message: SQSMessage,
        record: EventRecord,
        claim: Claim,
        policy: Policy,
        slot: WorkSlot,
        logger: Logger,
        begunAt: ContinuousClock.Instant
    ) {
        self.message = message
        self.record = record
        self.claim = claim
        self.policy = policy
        self.slot = slot
        self.logger = logger
        self.begunAt = begunAt
    }

    var event: CloudTrailEvent { record.event }
    var content: EventContent { record.content }
}

/// A record of a call, as a message brought it.
final class EventRecord: Sendable {
    let event: CloudTrailEvent
    let content: EventContent
    /// What the ledger is told of it.
    let facts: EventFacts

    init(_ event: CloudTrailEvent, _ content: EventContent) {
        self.event = event
        self.content = content
        facts = EventFacts(event, content.change)
    }
}

/// What the body of a message holds.
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

/// What a record tells of.
enum EventContent: Sendable {
    /// A change of a group's rules.
    case change(SecurityGroupChange)
    /// Something that is none of our business.
    case ignored(IgnoreReason)
    /// Something that cannot be read, for this reason and in these words.
    case unreadable(DeadLetterReason, String)

    /// What the call changed, where it changed anything that we know of.
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
    /// The facts of the record, where they could be read.
    var event: CloudTrailEvent? {
        switch self {
        case .change(let event, _), .ignored(let event, _): event
        case .unreadable(let unreadable): unreadable.event
        }
    }

    /// What the call changed, where it changed anything that we know of.
    var change: SecurityGroupChange? {
        if case .change(_, let change) = self { change } else { nil }
    }
}
