import CloudTrailEvents
import Formats
import Foundation
import Ledger
import Logging
import SecurityGroups

/// Finds rules that must not stand and of which no event tells.
///
/// It takes snapshots of watched groups, judges each rule that nothing explains as an event of its own, and closes the rules of
/// exemptions that have ended. Of several workers, only the holder of a lease takes snapshots. Each event is claimed, so that only
/// one worker judges it.
struct StateKeeper: Sendable {
    let reader: SnapshotReader
    /// The claims on events. With a table, only one host of the fleet tells people what concerns all hosts.
    let claims: EventClaims
    let leases: any Leases
    let policies: PolicyStore
    /// The name of this worker.
    let holder: String
    /// The accounts and Regions that are looked at under a policy.
    let places: @Sendable (Policy) async -> [Place]
    /// The time between two snapshots; zero for no snapshots.
    let interval: Duration
    /// The settle time. A rule counts as unexplained once it has stood for two settle times.
    let settle: Duration
    let isDryRun: Bool
    let clock: WorkerClock
    let logger: Logger
    /// Judges an event that sg-revert made; nil if another worker has it, or if it is done.
    var judge: @Sendable (OwnRun) async throws -> EventOutcome?
    /// Called when there may be something to tell people.
    let told: @Sendable () -> Void
    /// Called with the number of unexplained rules and the number of temporary exemptions that hold.
    var measured: @Sendable (_ unexplained: Int, _ exemptions: Int) -> Void = { _, _ in }

    /// The time of the lease. If its holder does not renew it, another worker takes over.
    private static let lease = Duration.seconds(60)
    /// The pause between two rounds.
    private static let pause = Duration.seconds(20)
    /// The least time between two snapshots.
    private static let leastAge = Duration.seconds(60)
    /// The name of the moment since which snapshots have not read all places.
    private static let failing = "snapshot-failing"
    /// The name of the moment at which the last snapshot ended.
    static let snapshotEnded = "snapshot-ended"
    /// The longest wait for the reverts of messages. It is short, because the rules of an exemption are closed within two minutes
    /// of its end.
    private static let patience = Duration.seconds(30)
    /// The number of groups whose events are judged at the same time.
    private static let width = 16

    var writer: LedgerWriter { claims.writer }
    var shared: any SharedClaims { claims.shared }

    /// Looks at once and then again and again, until the task is cancelled. Exemptions end in time however long a look takes.
    func run() async {
        // Each part has a task: a group whose rules cannot be closed then delays neither snapshots nor the end of exemptions.
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                var (digest, wantedAt) = (policies.current.digest, clock.now())
                await again {
                    if policies.current.digest != digest {
                        (digest, wantedAt) = (policies.current.digest, clock.now())
                    }
                    await look(wantedAt: wantedAt)
                }
            }
            for (name, duty) in duties {
                group.addTask { await again { await attempt(name, duty) } }
            }
        }
    }

    /// The parts beside the look, each with a name for the log.
    private var duties: [(name: String, duty: @Sendable () async throws -> Void)] {
        [
            ("sweep", sweep), ("exemptions", closeExemptions), ("lent access", recallLent), ("open events", resume),
            ("gauges", measure),
        ]
    }

    private func again(_ body: () async -> Void) async {
        while !Task.isCancelled {
            await body()
            guard (try? await clock.sleep(toNext: Self.pause)) != nil else { return }
        }
    }

    /// Does everything that is due, once. If a part fails, the others are still done, and the next round tries it again.
    ///
    /// - Parameter isWanted: True for a round that takes a snapshot, unless the last is under a minute old.
    func round(isWanted: Bool) async {
        await look(wantedAt: isWanted ? clock.now() : nil)
        for (name, duty) in duties { await attempt(name, duty) }
    }

    /// Takes a snapshot if one is due.
    ///
    /// - Parameter wantedAt: The time of the start or of the last change of the policy. A snapshot that began before it is no answer,
    ///   and is followed by another once it is a minute old.
    private func look(wantedAt: Date?) async {
        await attempt("snapshot") {
            guard try await isSnapshotDue(wantedAt) else { return }
            guard try await hold() else { return }
            try await snapshot()
            _ = try await hold(for: .zero)
        }
    }

    /// Reads all places.
    func snapshot() async throws {
        let (policy, start, startedAt) = (policies.current, clock.instant(), clock.now())
        // Rules with a prefix list are judged by the present entries of the list.
        reader.gateway.forgetPrefixLists()
        var (groups, rules, changes) = (0, 0, 0)
        var isWhole = true
        for place in await places(policy) {
            do {
                let seen = try await reader.read(place, policy: policy) { _ = try await hold() }
                (groups, rules, changes) = (
                    groups + seen.groups.count, rules + seen.rules.count, changes + seen.changes
                )
                for (list, error) in seen.unreadLists.sorted(by: { $0.key < $1.key }) {
                    logger.warning(
                        "prefix list not read",
                        metadata: ["prefix.list.id": "\(plainText(list))", "error": "\(plainText(error))"]
                    )
                }
            } catch let error where !(error is CancellationError) {
                isWhole = false
                logger.warning(
                    "rules not read",
                    metadata: [
                        "account": "\(place.account?.description ?? "own")", "region": "\(place.region)",
                        "error": "\(plainText("\(error)"))",
                    ]
                )
            }
        }
        try await mark(startedAt, isWhole: isWhole)
        logger.info(
            "snapshot taken",
            metadata: [
                "groups": "\(groups)", "rules": "\(rules)", "changes": "\(changes)",
                "seconds": "\(Int((clock.instant() - start).seconds.rounded(.up)))",
            ]
        )
    }

    /// Records the times of a snapshot, and the time since which snapshots have not read all places.
    private func mark(_ startedAt: Date, isWhole: Bool) async throws {
        try await writer.write { transaction in
            try transaction.mark("snapshot", at: startedAt)
            try transaction.mark(Self.snapshotEnded)
            if isWhole {
                try transaction.unmark(Self.failing)
            } else if try transaction.moment(Self.failing) == nil {
                try transaction.mark(Self.failing, at: startedAt)
            }
        }
    }

    /// Judges the rules that have stood unexplained for two settle times.
    func sweep() async throws {
        guard interval > .zero else { return }
        let since = clock.now().addingTimeInterval(-2 * settle.seconds)
        try await claims.forUnexplained(since: since, isDryRun: isDryRun) { part in
            await judge(part.map(OwnRun.init(sweeping:)))
        }
    }

    /// Runs events again that sg-revert made and that have not ended, such as those of a worker that died.
    func resume() async throws {
        let (now, policies) = (clock.now(), policies)
        let open = try await writer.write { transaction in
            // A worker that has just started must know which exemptions have ended. They are the reasons of such events.
            policies.exempt(try transaction.exemptionsInForce())
            return try transaction.openEvents()
        }
        let policy = policies.current
        await judge(open.map { OwnRun(again: $0, after: policy.endedExemption(of: $0.rule, at: now)) })
    }

    /// Closes the rules of exemptions that have ended, and tells people when exemptions begin, end soon and have ended.
    func closeExemptions() async throws {
        let reading = try await shared.exemptions()
        let (now, policies, isDryRun) = (clock.now(), policies, isDryRun)
        let isTableSilent = shared.isShared && reading == nil
        let (due, runs) = try await writer.write { transaction in
            if isTableSilent { try transaction.mark(LedgerTransaction.tableSilent) }
            try reading?.learn(in: transaction)
            policies.exempt(try transaction.exemptionsInForce())
            let policy = policies.current
            let ends = policy.exempt.filter { $0.isToRemind(at: now) || $0.hasJustEnded(at: now) }
            let due =
                try transaction.sharedExemptions().map { ($0, ExemptionNotice.begun) }
                + ends.map { ($0, $0.isOver(at: now) ? .ended : .reminder) }
            let isAnyOver = policy.exempt.contains { $0.closes(at: now) }
            guard isAnyOver else { return (due, [OwnRun]()) }
            let runs = try transaction.exemptRules().compactMap { rule -> OwnRun? in
                guard let exemption = policy.endedExemption(of: rule, at: now) else { return nil }
                return try transaction.nextExemptionEnd(of: rule, until: exemption.until, isDryRun: isDryRun).map {
                    OwnRun(closing: rule, after: exemption, eventID: $0)
                }
            }
            return (due, runs)
        }
        for (exemption, notice) in due { try await tell(notice, of: exemption, at: now) }
        await judge(runs)
    }

    /// Tells people of an exemption, unless another host of the fleet does.
    private func tell(_ notice: ExemptionNotice, of exemption: Exemption, at now: Date) async throws {
        let name = exemption.noticeID(notice)
        guard try await writer.write({ try $0.moment(name) }) == nil else { return }
        let facts = EventFacts(eventID: name, eventName: "Notice")
        let answer = try await shared.claim(facts, Delivery(messageID: name, receivedAt: now), intent: [])
        if case .held = answer { return }
        let isOurs = if case .duplicate = answer { false } else { true }
        try await writer.write { transaction in
            if isOurs { try transaction.tell(notice, of: exemption) }
            try transaction.mark(name)
        }
        if case .run(let claim) = answer { _ = try await shared.finish(claim, .allowed, tells: true) }
        if isOurs { told() }
    }

    private func measure() async throws {
        let unexplained = try await writer.write { try $0.unexplainedCount() }
        let now = clock.now()
        let active = policies.current.exempt.count { $0.until != nil && !$0.isOver(at: now) }
        measured(unexplained, active)
    }

    private func isSnapshotDue(_ wantedAt: Date?) async throws -> Bool {
        guard interval > .zero else { return false }
        let (last, asked, failing) = try await writer.write {
            (
                try $0.moment("snapshot"), try $0.moment(LedgerTransaction.snapshotWanted),
                try $0.moment(Self.failing)
            )
        }
        guard let last else { return true }
        let age = clock.now().timeIntervalSince(last)
        // The time of the last snapshot is in the future if the clock was set back since then.
        guard age >= 0 else { return true }
        // A request for a snapshot names the end of a settle time. A request whose time is more than a minute later than that was
        // written before the clock was set back.
        if let asked, asked > last, asked <= clock.now().addingTimeInterval(settle.seconds + 60) { return true }
        // After a place could not be read, the next snapshot comes after a minute, and the following pauses double.
        let isSoon = wantedAt.map { $0 > last } == true || failing != nil
        let pause = max(Self.leastAge.seconds, failing.map { last.timeIntervalSince($0) } ?? 0)
        return age >= (isSoon ? min(pause, interval.seconds) : interval.seconds)
    }

    private func hold(for duration: Duration = lease) async throws -> Bool {
        try await leases.lease("snapshot", holder: holder, for: duration)
    }

    /// Judges events that sg-revert made.
    ///
    /// The events of one group run at the same time, so that one call revokes their rules. Several groups run at the same time, so
    /// that none waits for a group whose rules cannot be closed. All runs together wait for the reverts of messages for at most
    /// `patience`.
    func judge(_ runs: [OwnRun]) async {
        guard !runs.isEmpty else { return }
        let waitEnd = clock.instant() + Self.patience
        let runs = runs.map { $0.waiting(until: waitEnd) }
        if policies.current.limits.countTogether {
            // A revert counts toward a limit once it has ended.
            for run in runs { await attempt(run) }
            return told()
        }
        let groups = Dictionary(grouping: runs, by: \.change.groupID).values
        await withTaskGroup(of: Void.self) { tasks in
            for (index, runs) in groups.enumerated() {
                if index >= Self.width { await tasks.next() }
                tasks.addTask {
                    await withTaskGroup(of: Void.self) { tasks in
                        for run in runs { tasks.addTask { await attempt(run) } }
                    }
                }
            }
        }
        told()
    }

    private func attempt(_ run: OwnRun) async {
        await attempt(run.event.eventID) { _ = try await judge(run) }
    }

    private func attempt(_ what: String, _ body: () async throws -> Void) async {
        do {
            try await body()
        } catch is CancellationError {
            return
        } catch {
            if Task.isCancelled { return }
            logger.warning("state not kept", metadata: ["part": "\(what)", "error": "\(plainText("\(error)"))"])
        }
    }
}
