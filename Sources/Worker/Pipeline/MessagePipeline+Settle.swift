import AWSClient
import CloudTrailEvents
import Formats
import Foundation
import Ledger
import Logging
import SecurityGroups

/// The end of a run, as the ledger has it.
struct Settlement: Sendable {
    let outcome: EventOutcome
    /// The treatment of the message; nil if the event waits in hand and runs again.
    let disposition: Disposition?
}

/// The reason for a dead letter, and the error that people read.
private struct Letter {
    let reason: DeadLetterReason
    let error: String
}

extension MessagePipeline {
    /// Ends a run, and writes the outcome of its event. Two things do not pass here: `bury` takes messages without an event, and
    /// `keep(_:ofElsewhere:)` records the judgement of another host.
    ///
    /// A dead letter is copied first, then recorded, and the caller deletes it last. If the copy fails, the run has
    /// failed and is recorded so. The next delivery then runs at once and does not wait for the end of this run's
    /// lease.
    func settle(_ ending: Ending, of run: EventRun) async throws -> Settlement {
        // To give up is final, so what the queue allows is not taken from memory.
        if case .finished(let result) = ending, result.outcome == .failed, isLastReceive(of: run.message) {
            await queueState.confirm(clock: clock)
        }
        let again = run.message.map { Disposition.postpone(backoff.pause(after: $0.receiveCount)) }
        var (result, letter) = taken(ending, of: run)
        if let letter { result = try await copied(letter, result, run) }
        try await record(result, of: run)
        let disposition: Disposition? =
            switch result.outcome {
            case .failed: again
            case .suppressed: nil
            case .reverted, .reported, .unchanged, .allowed, .ignored, .notRestored, .conflict, .deadLettered: .delete
            }
        return Settlement(outcome: result.outcome, disposition: disposition)
    }

    /// The result of a run, and the reason if its message becomes a dead letter. A run that failed on the last receive
    /// that the queue allows is given up.
    private func taken(_ ending: Ending, of run: EventRun) -> (RunResult, Letter?) {
        switch ending {
        case .deadLetter(let reason, let error, let result): return (result, Letter(reason: reason, error: error))
        case .finished(let result):
            guard result.outcome == .failed, isLastReceive(of: run.message) else { return (result, nil) }
            return (result, Letter(reason: .gaveUp, error: result.errorMessage ?? "unknown"))
        }
    }

    /// Copies the message of a run to the dead-letter queue.
    ///
    /// - Returns: The result of the run. It is `failed` if there is no message, no dead-letter queue, or the copy failed.
    private func copied(_ letter: Letter, _ result: RunResult, _ run: EventRun) async throws -> RunResult {
        var result = result
        result.outcome = .failed
        result.errorMessage = letter.error
        guard let message = run.message else { return result }
        guard let deadLetters = queueState.facts.deadLetters else {
            logStuck(letter.reason, run.logger)
            return result
        }
        do {
            try await deadLetters.accept(
                message,
                story: story(letter.reason, letter.error, eventID: run.claim.eventID)
            )
            metrics.deadLettered(letter.reason)
            result.outcome = .deadLettered
            result.reason = letter.reason.rawValue
        } catch let refusal where !(refusal is CancellationError) {
            queueState.surprised()
            result.errorMessage = "\(letter.error); the dead-letter queue did not take the message: \(refusal)"
        }
        return result
    }

    /// Records how a run ended.
    private func record(_ result: RunResult, of run: EventRun) async throws {
        var result = result
        let isTold = run.isToldAsReported && result.outcome == .reported
        let isOn = (run.policy.notifyOn ?? WorkerOptions.notifyOn).contains(result.outcome)
        result.notify = (isOn || result.notify) && !isTold && isNotifying(run.policy)
        result.policyDigest = run.policy.digest
        try await claims.finish(
            run.claim,
            with: result,
            call: run.occasion == .sweep ? nil : run.event.eventTime ?? clock.now(),
            limits: run.policy.limits,
            now: clock.now(),
            slot: run.slot
        )
        metrics.finished(result)
        onFinish()
        run.logger.log(
            level: result.outcome.logLevel,
            "event \(result.outcome.rawValue)",
            metadata: result.logMetadata.merging(run.event.logMetadata) { own, _ in own }
        )
    }

    /// Moves a message without an event to the dead-letter queue. Only the trail records it.
    func bury(
        _ message: SQSMessage,
        _ reason: DeadLetterReason,
        _ error: String,
        _ slot: WorkSlot,
        _ logger: Logger
    ) async throws -> Disposition {
        guard let deadLetters = queueState.facts.deadLetters else {
            logStuck(reason, logger)
            return .postpone(backoff.pause(after: message.receiveCount))
        }
        try await deadLetters.accept(message, story: story(reason, error, eventID: nil))
        metrics.deadLettered(reason)
        let entry: [String: AuditValue] = [
            "message_id": .text(message.messageID), "reason": .text(reason.rawValue),
            "error": .text(plainText(error, limit: 200)),
        ]
        try await writer.write(slot: slot) { try $0.note(kind: .deadLettered, entry: entry) }
        logger.warning(
            "message dead-lettered",
            metadata: ["reason": "\(reason.rawValue)", "error": "\(plainText(error))"]
        )
        return .delete
    }

    /// Without a dead-letter queue the message stays in the queue, and a person has to look at it.
    private func logStuck(_ reason: DeadLetterReason, _ logger: Logger) {
        logger.error(
            "message cannot be handled and there is no dead-letter queue; it stays in the queue",
            metadata: ["reason": "\(reason.rawValue)"]
        )
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
        if !rules.isEmpty { metadata["rules"] = .stringConvertible(rules.count) }
        if let rule = rules.first(where: { $0.outcome == .reverted }) ?? rules.first {
            metadata["rule"] = "\(plainText(rule.inWords))"
            if let id = rule.ruleID { metadata["rule.id"] = "\(plainText(id))" }
        }
        if let groupID = rules.first?.groupID { metadata["group.id"] = "\(plainText(groupID))" }
        if let exposedMilliseconds { metadata["exposed.ms"] = .stringConvertible(exposedMilliseconds) }
        if let errorMessage { metadata["error"] = "\(plainText(errorMessage))" }
        return metadata
    }
}

extension RuleResult {
    fileprivate var inWords: String {
        ruleInWords(
            direction: direction.rawValue,
            ipProtocol: ipProtocol,
            ports: PortRange(from: fromPort ?? -1, to: toPort ?? -1),
            peer: source
        )
    }
}

extension CloudTrailEvent {
    /// The caller and the call. The logger already has the place.
    fileprivate var logMetadata: Logger.Metadata {
        var metadata: Logger.Metadata = ["event.name": "\(plainText(eventName))"]
        if let who = actor.issuerARN ?? actor.arn ?? actor.actorID { metadata["actor"] = "\(plainText(who))" }
        return metadata
    }
}
