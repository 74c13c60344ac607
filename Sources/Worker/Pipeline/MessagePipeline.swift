import AWSClient
import CloudTrailEvents
import Formats
import Foundation
import Ledger
import Logging
import SecurityGroups

/// Handles one message, from its body to its delete or postponement.
struct MessagePipeline: Sendable {
    let claims: EventClaims
    let policies: PolicyStore
    var revert: RevertRun
    let identity: OwnIdentity
    let territory: Territory
    let queueState: QueueState
    /// True if there is somewhere to send notifications; a policy may name a topic.
    let isNotifying: @Sendable (Policy) -> Bool
    let workerName: String
    let backoff: Backoff
    let clock: WorkerClock
    let senders = Senders()
    /// True for a worker with `--until-empty`.
    var isUntilEmpty = false
    var metrics = WorkerMetrics.none
    /// Called when an outcome, and perhaps a notice, was recorded.
    let onFinish: @Sendable () -> Void

    var writer: LedgerWriter { claims.writer }

    /// Handles one message.
    ///
    /// - Returns: `delete` only if the ledger has the outcome and, for a dead letter, the dead-letter queue has the
    ///   copy.
    func process(
        _ held: HeldMessage,
        slot: WorkSlot,
        stop: StopSignal,
        logger: Logger
    ) async throws -> Disposition {
        let message = held.message
        await note(senderOf: message)
        guard territory.trusts(message) else {
            let sender = message.senderID ?? "nobody"
            return try await bury(message, .untrustedSender, "the message was sent by \(sender)", slot, logger)
        }
        switch MessageContent(body: message.body) {
        case .noEvent(let reason, let detail):
            return try await bury(message, reason, detail, slot, logger)
        case .event(let record) where OwnEvent.isID(record.event.eventID):
            let error = "the event id \(record.event.eventID) is one that only sg-revert gives, to events of its own"
            return try await bury(message, .impossible, error, slot, logger)
        case .event(let record):
            held.describe(Self.metadata(of: record, in: message))
            var logger = logger
            for (key, value) in held.metadata { logger[metadataKey: key] = value }
            guard let early = earlyLook(for: record) else {
                return try await handle(record, of: held, slot: slot, stop: stop, logger: logger)
            }
            return try await withThrowingDiscardingTaskGroup { group in
                group.addTask { await early.run() }
                defer { group.cancelAll() }
                return try await handle(record, of: held, early, slot: slot, stop: stop, logger: logger)
            }
        }
    }

    /// Writes down who sent a message, for `doctor` to show. Nothing waits for it or depends on it but the message itself.
    private func note(senderOf message: SQSMessage) async {
        guard let sender = senders.toNote(of: message, at: clock.instant()) else { return }
        _ = try? await writer.writeOnce { try $0.saw(sender: sender) }
    }

    /// Claims an event and runs it, again and again while its run has to wait.
    private func handle(
        _ record: EventRecord,
        of held: HeldMessage,
        _ early: EarlyLook? = nil,
        slot: WorkSlot,
        stop: StopSignal,
        logger: Logger
    ) async throws -> Disposition {
        var round = 0
        while true {
            round += 1
            let claim: Claim
            switch try await self.claim(record, held, early, slot: slot) {
            case .run(let won): claim = won
            case .held(let until): return wait(until, held.message, logger)
            case .duplicate(let outcome): return drop(outcome, logger)
            }
            let now = clock.instant()
            held.claimed(claim, at: now)
            let run = EventRun(
                message: held.message,
                record: record,
                claim: claim,
                early: claim.attempt == 1 ? early : nil,
                policy: policies.current,
                slot: slot,
                logger: logger,
                begunAt: now
            )
            if let disposition = try await settled(run, held).disposition { return disposition }
            held.unclaimed()
            if let rest = try await sitOut(round, slot, stop) { return rest }
        }
    }

    /// Runs a claimed event and records how that ended.
    ///
    /// A run that finds no room to wait in, or that an outage ends, gives its claim back: the next delivery runs the event at once.
    private func settled(_ run: EventRun, _ held: HeldMessage) async throws -> Settlement {
        do {
            let ending = try await ending(of: run)
            held.ending()
            return try await settle(ending, of: run)
        } catch let error where error is ParkingFull || error is OutageLasted {
            held.unclaimed()
            await claims.giveUp(run.claim, mayHaveReverted: run.mayHaveReverted)
            throw error
        }
    }

    /// The metadata of every log line about a message: the event, its account and its Region.
    private static func metadata(of record: EventRecord, in message: SQSMessage) -> Logger.Metadata {
        let event = record.event
        var metadata: Logger.Metadata = ["event.id": "\(plainText(event.eventID))"]
        let place = [
            ("account", event.account), ("region", event.region), ("group.id", record.content.change?.groupID),
        ]
        for (key, text) in place {
            if let text { metadata[key] = "\(plainText(text, limit: 64))" }
        }
        let trace = TraceContext(message.traceHeader)
        return metadata.merging(trace?.metadata ?? [:]) { own, _ in own }
    }

    /// Claims the event. On the last receive that the queue allows, the message waits in hand until another worker's
    /// claim ends, because there is no further receive.
    private func claim(
        _ record: EventRecord,
        _ held: HeldMessage,
        _ early: EarlyLook?,
        slot: WorkSlot
    ) async throws -> ClaimResult {
        let message = held.message
        let delivery = Delivery(
            messageID: message.messageID,
            replayCount: message.replayCount,
            receivedAt: clock.now()
        )
        // A dry run reverts nothing, so no later run may take a missing rule for its doing.
        let intent = revert.isDryRun ? [] : (record.content.change?.fewRuleIDs ?? []).map(\.description)
        while true {
            let policies = policies
            let result = try await claims.claim(
                record.facts,
                delivery,
                intent: intent,
                concernsFleet: record.concernsFleet,
                slot: slot,
                alongside: { transaction in
                    // An exemption holds from the moment in which it is in the ledger.
                    policies.exempt(try transaction.exemptionsInForce())
                },
                won: { claim in if claim.attempt == 1 { early?.begin() } }
            )
            guard case .held = result, isLastReceive(of: message) else { return result }
            do {
                try await slot.wait(for: .seconds(2))
            } catch is ParkingFull {
                // If it went back to the queue, SQS would move it to the dead-letter queue.
                try await clock.sleep(.seconds(2))
            }
        }
    }

    /// The treatment of a message whose event another worker has in hand.
    private func wait(_ leaseEnd: Date, _ message: SQSMessage, _ logger: Logger) -> Disposition {
        logger.debug("event is held by another worker")
        // Most runs end in a moment, so the first tries come soon. The pauses double, because each try uses a receive.
        // Another host's clock may be wrong, so a lease counts for at most the length of this worker's leases.
        let left = min(max(leaseEnd.timeIntervalSince(clock.now()), 0), WorkerOptions.lease.seconds) + 1
        let pause = Backoff.doubled(.seconds(2), attempt: message.receiveCount, cap: .seconds(64))
        return .postpone(min(.seconds(left), pause))
    }

    /// The treatment of a message whose event is done.
    private func drop(_ outcome: EventOutcome, _ logger: Logger) -> Disposition {
        metrics.duplicate()
        logger.info("duplicate", metadata: ["event.outcome": "\(outcome.rawValue)"])
        return .delete
    }

    /// Waits in hand before the `round`-th next run of a suppressed event: a minute, doubling, at most an hour.
    ///
    /// - Returns: What to do with a message that cannot wait in hand; nil when it has waited.
    private func sitOut(_ round: Int, _ slot: WorkSlot, _ stop: StopSignal) async throws -> Disposition? {
        let pause = Backoff.doubled(.seconds(60), attempt: round, cap: .seconds(3600))
        if isUntilEmpty { return .setAside(pause) }
        let start = clock.instant()
        do {
            try await slot.parked(for: .long) { await stop.sleep(for: pause, clock: clock) }
        } catch is ParkingFull {
            return .setAside(pause)
        }
        return stop.isRequested ? .setAside(max(pause - (clock.instant() - start), .zero)) : nil
    }

    /// Judges and reverts, and says how that ended.
    func ending(of run: EventRun) async throws -> Ending {
        switch run.content {
        case .unreadable(let reason, let detail): return .deadLetter(reason, detail)
        case .ignored(let reason):
            if run.event.changedPrefixListID != nil, run.policy.expandPrefixLists {
                // The next snapshot judges the rules that use the list again. It is taken at once, and others follow for a settle
                // time, for which EC2 may still show the earlier entries.
                let settled = clock.now().addingTimeInterval(revert.settle.seconds)
                try await writer.write(slot: run.slot) { try $0.mark(LedgerTransaction.snapshotWanted, at: settled) }
            }
            guard let tags = run.event.tagChange else { return .ignored(reason) }
            return try await failing {
                try await look(at: tags, run)
                return .ignored(reason)
            }
        case .change(let change):
            let gate: Gate
            do throws(ImpossibleName) {
                gate = try Gate(run.event, change)
            } catch {
                return .deadLetter(.impossible, "\(error)")
            }
            return try await failing { try await ending(of: change, through: gate, run) }
        }
    }

    /// Turns an error of the run itself into the outcome `failed`.
    private func failing(_ body: () async throws -> Ending) async throws -> Ending {
        do {
            return try await body()
        } catch let error where Self.endsNoRun(error) {
            throw error
        } catch {
            let code = (error as? AWSServiceError)?.code
            return .finished(RunResult(outcome: .failed, errorCode: code, errorMessage: "\(error)"))
        }
    }

    private func ending(of change: SecurityGroupChange, through gate: Gate, _ run: EventRun) async throws -> Ending {
        guard territory.covers(gate.place, policy: run.policy, own: identity.account) else {
            return .ignored(.notWatched)
        }
        switch try await admit(change, through: gate, run) {
        case .ignored(let reason): return .ignored(reason)
        case .groupGone:
            return .finished(RunResult(outcome: .unchanged, reason: "the group does not exist"))
        case .undecodable(let error): return .deadLetter(.undecodable, error)
        case .watched(let watched):
            let journal = RunJournal(
                claims,
                run.claim,
                of: watched,
                time: revert.time,
                clock: clock,
                willChange: run.willChange
            ) { [clock] in
                clock.instant() - run.begunAt
            }
            let result = try await revert(
                watched,
                claim: run.claim,
                journal: journal,
                slot: run.slot,
                early: run.early
            )
            guard result.outcome == .deadLettered else { return .finished(result) }
            return .deadLetter(.undecodable, error: result.errorMessage ?? "", result)
        }
    }

    /// True for an error after which nothing can be recorded of the run. The next delivery runs the event.
    static func endsNoRun(_ error: any Error) -> Bool {
        error is CancellationError || error is LedgerError || error is OutageLasted || error is MessageLost
            || error is ParkingFull
    }

    /// True if SQS would move the message to the dead-letter queue instead of handing it out again.
    func isLastReceive(of message: SQSMessage?) -> Bool {
        guard let message, let limit = queueState.facts.maxReceiveCount else { return false }
        return message.receiveCount >= limit
    }
}

extension SecurityGroupChange {
    /// The ids of the rules that the call added, to be recorded with the claim. This saves a transaction before the
    /// revoke. If there are more than ten ids they are not recorded here, because many such records would cost too
    /// much.
    var fewRuleIDs: [SecurityGroupRuleID] {
        [.ingressAdded, .egressAdded].contains(kind) && rules.count <= 10 ? rules.compactMap(\.strictID) : []
    }
}

extension EventFacts {
    init(_ event: CloudTrailEvent, _ change: SecurityGroupChange?) {
        self.init(
            eventID: event.eventID,
            digest: event.digest,
            originalEventID: event.originalEventID,
            eventName: event.eventName,
            account: event.account,
            region: event.region,
            groupID: change?.groupID ?? event.groupID,
            actorARN: event.actor.arn,
            issuerARN: event.actor.issuerARN,
            actorType: event.actor.type,
            actorID: event.actor.actorID,
            invokedBy: event.actor.invokedBy,
            sourceIP: event.sourceIPAddress,
            userAgent: event.userAgent,
            eventTime: event.eventTime,
            requestID: event.requestID
        )
    }
}
