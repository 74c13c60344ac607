import AWSClient
import CloudTrailEvents
import Formats
import Foundation
import Ledger
import Logging
import SecurityGroups

/// What is to be done with a message whose event was handled.
enum Disposition: Hashable, Sendable {
    /// It is finished, and recorded as such.
    case delete
    /// It comes again after this time.
    case postpone(Duration)
}

/// The way of one message, from its body to what is to be done with it.
struct MessagePipeline: Sendable {
    let writer: LedgerWriter
    let policies: PolicyStore
    let revert: RevertRun
    let identity: OwnIdentity
    let deadLetters: DeadLetterQueue?
    /// How often SQS hands out a message before it moves it itself.
    let maxReceiveCount: Int?
    /// Whether there is anybody to tell; of what, the policy says.
    let isNotifying: Bool
    let workerName: String
    let backoff: Backoff
    let clock: WorkerClock
    /// Called when an outcome, and with it perhaps a notice, is recorded.
    let onFinish: @Sendable () -> Void

    /// Handles one message.
    ///
    /// - Parameter hold: called with the claim on the message's event, to be renewed until the message is done.
    /// - Returns: `delete` only when the ledger has the outcome and, for a dead letter, the dead-letter queue has the copy.
    func process(_ message: SQSMessage, logger: Logger, hold: (Claim) -> Void) async throws -> Disposition {
        let decoded = DecodedMessage(body: message.body)
        guard let event = decoded.event else {
            return try await bury(message, unreadable: decoded, logger: logger)
        }
        var logger = logger
        logger[metadataKey: "event.id"] = "\(plainText(event.eventID))"
        let facts = EventFacts(event, decoded.change, digest: "")
        let delivery = Delivery(
            messageID: message.messageID,
            replayCount: message.replayCount,
            receivedAt: clock.now()
        )
        var result = try await writer.write { try $0.claim(facts, delivery: delivery) }
        // The next receive would be one too many, and end in the dead-letter queue: the message waits in hand.
        while case .held = result, isLastReceive(of: message) {
            try await clock.sleep(.seconds(2))
            result = try await writer.write { try $0.claim(facts, delivery: delivery) }
        }
        switch result {
        case .held(let until):
            logger.debug("event is held by another worker")
            // Most runs end in a moment, so the first looks come back soon. The pauses double, since each look costs one of the
            // receives that the queue allows; on the last of them the message waits in hand, above.
            let lease = max(until.timeIntervalSince(clock.now()), 0) + 1
            return .postpone(.seconds(min(lease, Double(2 << min(max(message.receiveCount - 1, 0), 5)))))
        case .duplicate(let outcome):
            logger.info("duplicate", metadata: ["event.outcome": "\(outcome.rawValue)"])
            return .delete
        case .run(let claim):
            hold(claim)
            return try await run(message, decoded, event, claim: claim, logger: logger)
        }
    }

    private func run(
        _ message: SQSMessage,
        _ decoded: DecodedMessage,
        _ event: CloudTrailEvent,
        claim: Claim,
        logger: Logger
    ) async throws -> Disposition {
        switch decoded {
        case .unreadable(let unreadable):
            return try await bury(
                message,
                reason: DeadLetterReason(unreadable.reason),
                error: unreadable.detail,
                result: RunResult(outcome: .deadLettered),
                claim: claim,
                logger: logger
            )
        case .ignored(_, let reason):
            return try await finish(claim, RunResult(outcome: .ignored, reason: reason.rawValue), logger: logger)
        case .change(_, let change):
            let gate: Gate
            do {
                gate = try Gate(event, change)
            } catch {
                return try await bury(
                    message,
                    reason: .impossible,
                    error: "\(error)",
                    result: RunResult(outcome: .deadLettered),
                    claim: claim,
                    logger: logger
                )
            }
            return try await run(change, event, through: gate, message, claim: claim, logger: logger)
        }
    }

    private func run(
        _ change: SecurityGroupChange,
        _ event: CloudTrailEvent,
        through gate: Gate,
        _ message: SQSMessage,
        claim: Claim,
        logger: Logger
    ) async throws -> Disposition {
        let admission: Admission
        do {
            admission = try await admit(change, by: event, through: gate, policy: policies.current, claim: claim)
        } catch let error where error is CancellationError || error is LedgerError || error is OutageLasted {
            throw error
        } catch {
            let code = (error as? AWSServiceError)?.code
            let result = RunResult(outcome: .failed, errorCode: code, errorMessage: "\(error)")
            return try await end(result, message, claim: claim, logger: logger)
        }
        switch admission {
        case .ignored(let reason):
            return try await finish(claim, RunResult(outcome: .ignored, reason: reason.rawValue), logger: logger)
        case .groupGone:
            let result = RunResult(outcome: .unchanged, reason: "the group does not exist")
            return try await finish(claim, result, logger: logger)
        case .undecodable(let error):
            return try await bury(
                message,
                reason: .undecodable,
                error: error,
                result: RunResult(outcome: .deadLettered),
                claim: claim,
                logger: logger
            )
        case .watched(let watched):
            let journal = RunJournal(writer, claim, of: watched)
            let result = try await revert(watched, claim: claim, journal: journal)
            if result.outcome == .deadLettered {
                return try await bury(
                    message,
                    reason: .undecodable,
                    error: result.errorMessage ?? "",
                    result: result,
                    claim: claim,
                    logger: logger
                )
            }
            return try await end(result, message, claim: claim, logger: logger)
        }
    }

    /// Ends a run: what failed comes again, or on its last receive goes to the dead-letter queue.
    private func end(
        _ result: RunResult,
        _ message: SQSMessage,
        claim: Claim,
        logger: Logger
    ) async throws -> Disposition {
        guard result.outcome == .failed else {
            return try await finish(claim, result, logger: logger)
        }
        let error = result.errorMessage ?? "unknown"
        if isLastReceive(of: message) {
            return try await bury(
                message,
                reason: .gaveUp,
                error: error,
                result: result,
                claim: claim,
                logger: logger
            )
        }
        _ = try await finish(claim, result, logger: logger)
        return .postpone(backoff.pause(after: message.receiveCount))
    }

    /// Whether SQS would move the message away instead of handing it out again.
    private func isLastReceive(of message: SQSMessage) -> Bool {
        maxReceiveCount.map { message.receiveCount >= $0 } ?? false
    }

    private func finish(_ claim: Claim, _ result: RunResult, logger: Logger) async throws -> Disposition {
        var result = result
        result.notify = isNotifying && (policies.current.notifyOn ?? WorkerOptions.notifyOn).contains(result.outcome)
        let final = result
        try await writer.write { try $0.finish(claim, with: final) }
        onFinish()
        logger.log(
            level: result.outcome.logLevel,
            "event \(result.outcome.rawValue)",
            metadata: result.logMetadata
        )
        return .delete
    }

    /// Moves a message to the dead-letter queue: the copy first, then the ledger; the delete is the caller's, last.
    ///
    /// Where no copy can be had, the run has failed and is recorded as such, so that the next delivery runs at once and
    /// does not wait for this one's lease.
    private func bury(
        _ message: SQSMessage,
        reason: DeadLetterReason,
        error: String,
        result: RunResult,
        claim: Claim,
        logger: Logger
    ) async throws -> Disposition {
        var result = result
        result.errorMessage = error
        guard let deadLetters else {
            result.outcome = .failed
            _ = try await finish(claim, result, logger: logger)
            return leave(message, reason: reason, logger: logger)
        }
        do {
            try await deadLetters.accept(message, story: story(reason, error, eventID: claim.eventID))
        } catch let refusal where !(refusal is CancellationError) {
            result.outcome = .failed
            result.errorMessage = "\(error); the dead-letter queue did not take the message: \(refusal)"
            _ = try await finish(claim, result, logger: logger)
            return .postpone(backoff.pause(after: message.receiveCount))
        }
        result.outcome = .deadLettered
        result.reason = reason.rawValue
        return try await finish(claim, result, logger: logger)
    }

    /// The same for a message without an event: the trail alone tells of it.
    private func bury(
        _ message: SQSMessage,
        unreadable decoded: DecodedMessage,
        logger: Logger
    ) async throws -> Disposition {
        guard case .unreadable(let unreadable) = decoded else { return .delete }
        let reason = DeadLetterReason(unreadable.reason)
        guard let deadLetters else { return leave(message, reason: reason, logger: logger) }
        try await deadLetters.accept(message, story: story(reason, unreadable.detail, eventID: nil))
        let entry: [String: AuditValue] = [
            "message_id": .text(message.messageID), "reason": .text(reason.rawValue), "error": .text(unreadable.detail),
        ]
        try await writer.write { try $0.note(kind: .deadLettered, entry: entry) }
        logger.warning(
            "message dead-lettered",
            metadata: ["reason": "\(reason.rawValue)", "error": "\(plainText(unreadable.detail))"]
        )
        return .delete
    }

    /// Without a dead-letter queue a bad message stays where it is, and somebody has to look at it.
    private func leave(_ message: SQSMessage, reason: DeadLetterReason, logger: Logger) -> Disposition {
        logger.error(
            "message cannot be handled and there is no dead-letter queue; it stays in the queue",
            metadata: ["reason": "\(reason.rawValue)"]
        )
        return .postpone(backoff.pause(after: message.receiveCount))
    }

    private func story(_ reason: DeadLetterReason, _ error: String, eventID: String?) -> DeadLetterStory {
        DeadLetterStory(
            reason: reason,
            error: error,
            eventID: eventID,
            failedAt: clock.now(),
            worker: workerName
        )
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

extension EventOutcome {
    fileprivate var logLevel: Logger.Level {
        switch self {
        case .reverted, .reported, .suppressed, .notRestored: .notice
        case .unchanged, .allowed, .ignored: .info
        case .failed, .conflict: .warning
        case .deadLettered: .error
        }
    }
}

extension RunResult {
    fileprivate var logMetadata: Logger.Metadata {
        var metadata: Logger.Metadata = [:]
        if let reason { metadata["reason"] = "\(reason)" }
        if !rules.isEmpty { metadata["rules"] = "\(rules.count)" }
        if let groupID = rules.first?.groupID { metadata["group.id"] = "\(plainText(groupID))" }
        if let exposedMilliseconds { metadata["exposed.ms"] = "\(exposedMilliseconds)" }
        if let errorMessage { metadata["error"] = "\(plainText(errorMessage))" }
        return metadata
    }
}

extension EventFacts {
    fileprivate init(_ event: CloudTrailEvent, _ change: SecurityGroupChange?, digest: String) {
        self.init(
            eventID: event.eventID,
            digest: digest,
            originalEventID: event.originalEventID,
            eventName: event.eventName,
            account: event.account,
            region: event.region,
            groupID: change?.groupID ?? event.groupID,
            actorARN: event.actor.arn,
            issuerARN: event.actor.issuerARN,
            actorType: event.actor.type,
            invokedBy: event.actor.invokedBy,
            sourceIP: event.sourceIPAddress,
            userAgent: event.userAgent,
            eventTime: event.eventTime,
            requestID: event.requestID
        )
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
