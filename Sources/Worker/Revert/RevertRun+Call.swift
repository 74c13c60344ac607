import AWSClient
import CloudTrailEvents
import Formats
import Foundation
import Ledger
import SecurityGroups

extension RevertRun {
    /// One run under way: the state machine that decides the next step, and the calls that were made.
    struct Call {
        let run: RevertRun
        let watched: WatchedChange
        let journal: RunJournal
        private(set) var machine: RevertMachine
        private(set) var calls: CallLog
        private(set) var requestIDs: [String] = []
        private(set) var failure: (any Error)?
        let claim: Claim
        private let slot: WorkSlot
        private var early: EarlyLook?
        private let start: ContinuousClock.Instant
        /// The time of the last look's answer.
        private var seenAt: ContinuousClock.Instant
        /// True if a change of this round was not made, because its look was too old when it could be made.
        private var isOutdated = false
        private var outdatedRounds = 0
        /// The time since which a revoke waits that came to its turn outdated: it keeps its place in the line.
        private var inLineSince: ContinuousClock.Instant?
        let ageAtStart: TimeInterval?

        init(
            run: RevertRun,
            watched: WatchedChange,
            claim: Claim,
            journal: RunJournal,
            slot: WorkSlot,
            early: EarlyLook?
        ) {
            self.run = run
            self.watched = watched
            self.claim = claim
            self.journal = journal
            self.slot = slot
            self.early = early
            calls = CallLog(clock: run.clock)
            start = run.clock.instant()
            seenAt = start
            ageAtStart = watched.event.eventTime.map(run.time.now.timeIntervalSince)
            let event = RevertMachine.Event(
                change: watched.change,
                groupID: watched.groupID,
                isNewGroup: watched.isNewGroup,
                age: .seconds(max(ageAtStart ?? 0, 0)),
                settle: run.settle,
                isOwn: watched.planner.occasion != .record
            )
            machine = RevertMachine(
                event,
                planner: watched.planner,
                history: RevertMachine.History(claim)
            )
        }
    }
}

extension RevertRun.Call {
    /// The largest number of prefix lists that are read because the record names them. The others count as not known.
    private static let recordedLists = 10

    private var place: Place { watched.place }
    private var elapsed: Duration { run.clock.instant() - start }

    mutating func run() async throws {
        while machine.isOpen(at: elapsed) {
            if machine.isTooEarly(at: elapsed) {
                try await slot.wait(for: machine.nextPause())
                continue
            }
            let live = try await look()
            try await readPrefixLists(of: live)
            let candidates = machine.saw(live, at: elapsed)
            isOutdated = false
            let moves = try await plan(candidates)
            if !moves.isEmpty {
                let new = machine.intends(moves)
                if let ids = new ?? (journal.mayBeLost() ? machine.allIntended : nil) { try await journal.intend(ids) }
                try await make(moves)
            }
            outdatedRounds = isOutdated ? outdatedRounds + 1 : 0
            if machine.isOpen(at: elapsed), !isOutdated { try await slot.wait(for: machine.nextPause()) }
        }
        if let unproven = machine.unproven { failure = try await explain(unproven) }
        let gone = machine.goneRules
        guard !gone.isEmpty else { return }
        try await refuseForeignAccount()
        if let words = try await journal.contradiction(gone) { machine.contradicts(words) }
    }

    private mutating func plan(_ candidates: [RevertMachine.Candidate]) async throws -> [RevertMachine.Move] {
        guard !candidates.isEmpty else { return [] }
        if watched.change.kind == .ruleModified || watched.change.kind.isRemoval, let policies = run.policies {
            machine.know(today: policies.current)
        }
        let pasts =
            machine.needsPast(candidates) || journal.isLate() || outdatedRounds > 0
            ? try await journal.recall(candidates.map(\.question)) : candidates.map { _ in RulePast() }
        return machine.plan(
            candidates,
            pasts: pasts,
            isDryRun: run.isDryRun || watched.planner.watch.action == .report,
            at: elapsed,
            date: run.clock.now()
        )
    }

    private mutating func look() async throws -> [LiveRule] {
        let what = machine.look
        let (run, watched) = (run, watched)
        let seen: Look
        if let answer = try await earlyAnswer(to: what) {
            seen = answer
        } else {
            seen = try await call("DescribeSecurityGroupRules", ids: \.requestIDs) {
                switch what {
                case .rules(let ids): try await run.gateway.rules(ids, in: watched.place)
                case .group: try await run.gateway.rules(of: watched.groupID, in: watched.place)
                }
            }
        }
        seenAt = run.clock.instant()
        // If the group belongs to another account than the event's, it is not the group of the event.
        guard let account = place.account?.description else { return seen.rules }
        return seen.rules.filter { $0.ownerID == nil || $0.ownerID == account }
    }

    /// The answer of the look that began with the claim, if it is recent and shows every rule that is looked for. A rule
    /// that it does not show may have appeared since.
    private mutating func earlyAnswer(to what: RevertMachine.Look) async throws -> Look? {
        defer { early = nil }
        guard let early, case .rules(early.ids) = what, let begun = early.begun,
            run.clock.instant() - begun.instant < EarlyLook.lifetime
        else { return nil }
        let seen: Look = try await call("DescribeSecurityGroupRules", begun: begun, ids: \.requestIDs) {
            try await early()
        }
        // The run may have waited for EC2 in between.
        guard !early.isOver else { return nil }
        return early.ids.allSatisfy { id in seen.rules.contains { $0.id == id } } ? seen : nil
    }

    /// Reads the entries of prefix lists, if the policy judges lists by their entries.
    private mutating func readPrefixLists(of live: [LiveRule]) async throws {
        let policy = watched.planner.policy
        // A list that only the record names costs a call, too, and whoever forges a record may name many.
        let recorded = policy.prefixLists(neededFor: watched.change.rules.compactMap(\.rule)).sorted()
        let needed = policy.prefixLists(neededFor: live.map(\.rule)).union(recorded.prefix(Self.recordedLists))
        guard !needed.isEmpty else { return }
        let (run, place) = (run, place)
        machine.know(try await run.riding(place, slot) { try await run.gateway.prefixLists(needed, in: place) })
    }

    /// Makes the calls: revokes together, the others one by one.
    private mutating func make(_ moves: [RevertMachine.Move]) async throws {
        for direction in Direction.allCases {
            let revokes = moves.filter { $0.step.revoked?.rule.direction == direction }
            if !revokes.isEmpty { try await revoke(revokes, direction) }
        }
        for move in moves {
            switch move.step {
            case .restore(let live, to: let approved): try await restore(move, live.id, to: approved.content)
            case .authorize(let approved): try await authorize(move, approved.content)
            case .revoke, .nothing: continue
            }
        }
    }

    private mutating func revoke(_ moves: [RevertMachine.Move], _ direction: Direction) async throws {
        let (run, watched, slot, seenAt, inLine) = (run, watched, slot, seenAt, inLineSince)
        let rules = moves.compactMap(\.step.revoked).map { SeenRule(rule: $0, at: seenAt) }
        var since = inLine
        let results = try await change(
            "RevokeSecurityGroup\(direction.actionSuffix)",
            moves,
            outdated: moves.map { _ in Revocation.outdated(mayBeDone: false) },
            ids: { $0.allSatisfy(\.isOutdated) ? nil : $0.compactMap(\.requestID) }
        ) {
            since = inLine ?? run.clock.instant()
            func revoke() async throws -> [Revocation] {
                try await run.gateway.revoke(rules, of: watched.groupID, direction, in: watched.place, since: inLine)
            }
            // A call that waits for EC2's bucket holds no slot.
            guard run.gateway.isBusy(direction, in: watched.place) else { return try await revoke() }
            return try await slot.parkedForShort { try await revoke() }
        }
        inLineSince = results.contains(where: \.isOutdated) ? since : nil
        for (move, result) in zip(moves, results) {
            switch result {
            case .revoked(let requestID): accepted(move, isProven: true, requestID)
            case .stands(let requestID): accepted(move, isProven: false, requestID)
            case .notFound: machine.unknown(move, at: elapsed)
            case .outdated(let mayBeDone):
                if mayBeDone { machine.lost([move], at: elapsed) }
                isOutdated = true
            }
        }
    }

    private mutating func restore(
        _ move: RevertMachine.Move,
        _ id: SecurityGroupRuleID,
        to content: RuleContent
    ) async throws {
        let (run, watched, isOld) = (run, watched, isLookOld)
        do {
            let answer = try await change(
                "ModifySecurityGroupRules",
                [move],
                outdated: Amendment.outdated,
                ids: \.requestIDs
            ) {
                try await run.gateway.restore(id, to: content, in: watched.groupID, watched.place, unless: isOld)
            }
            take(answer, of: move)
        } catch let error as AWSServiceError where error.refusesRestore {
            machine.refused(move, plainText(error.code, limit: 200), mayBeDone: error.mayFollowEffect)
        }
    }

    private mutating func authorize(_ move: RevertMachine.Move, _ content: RuleContent) async throws {
        let action = "AuthorizeSecurityGroup\(content.rule.direction.actionSuffix)"
        let (run, watched, isOld) = (run, watched, isLookOld)
        let answer = try await change(action, [move], outdated: Amendment.outdated, ids: \.requestIDs) {
            try await run.gateway.authorize(content, in: watched.groupID, watched.place, unless: isOld)
        }
        take(answer, of: move)
    }

    private mutating func take(_ answer: Amendment, of move: RevertMachine.Move) {
        switch answer {
        case .done(let id, let requestID): accepted(move, isProven: true, id: id, requestID)
        case .accepted(let requestID): accepted(move, isProven: false, requestID)
        case .duplicate: machine.duplicate(move, at: elapsed)
        case .notFound: machine.unknown(move, at: elapsed)
        case .outdated: isOutdated = true
        }
    }

    private mutating func accepted(
        _ move: RevertMachine.Move,
        isProven: Bool,
        id: SecurityGroupRuleID? = nil,
        _ requestID: String?
    ) {
        machine.accepted(move, isProven: isProven, id: id, at: elapsed)
        if let requestID { requestIDs.append(requestID) }
    }

    /// Makes a call that looks.
    private mutating func call<Answer>(
        _ action: String,
        begun: CallLog.Begun? = nil,
        ids: (Answer) -> [String],
        _ body: () async throws -> Answer
    ) async throws -> Answer {
        let begun = begun ?? calls.begin(action)
        do {
            let answer = try await run.riding(place, slot, body)
            calls.end(begun, requestIDs: ids(answer))
            return answer
        } catch {
            calls.end(begun, error: error)
            throw error
        }
    }

    /// True once the last look is too old for a change. Where one round after the other comes too late, because the
    /// ledger is slow, a look counts for longer, so that the run comes to an end.
    private var isLookOld: () -> Bool {
        let (clock, seenAt) = (run.clock, seenAt)
        let limit = Backoff.doubled(Look.lifetime, attempt: outdatedRounds + 1, cap: .seconds(60))
        return { clock.instant() - seenAt >= limit }
    }

    /// Makes a call that changes something, unless the look is too old once EC2 can be called. If the call gets no
    /// response, it may have had its effect.
    ///
    /// - Parameters:
    ///   - outdated: The answer if the call was not made.
    ///   - ids: EC2's ids of the requests; nil if an answer says that none was sent.
    private mutating func change<Answer>(
        _ action: String,
        _ moves: [RevertMachine.Move],
        outdated: Answer,
        ids: (Answer) -> [String]?,
        _ body: () async throws -> Answer
    ) async throws -> Answer {
        let begun = calls.begin(action)
        let (isOld, journal) = (isLookOld, journal)
        var failure: (any Error)?
        var mayBeDone = false
        do {
            let answer: Answer? = try await run.riding(place, slot) {
                guard !isOld() else { return nil }
                journal.willChange()
                do {
                    return try await body()
                } catch {
                    failure = error
                    mayBeDone = mayBeDone || error.mayFollowEffect(of: action)
                    throw error
                }
            }
            if mayBeDone { machine.lost(moves, at: elapsed) }
            if let sent = answer.flatMap(ids) {
                calls.end(begun, requestIDs: sent)
            } else if let failure {
                calls.end(begun, error: failure)
            }
            return answer ?? outdated
        } catch {
            machine.lost(moves, at: elapsed)
            calls.end(begun, error: error)
            throw error
        }
    }

    /// Ends the run with `error`.
    mutating func fail(with error: any Error) {
        failure = error
        machine.fail()
    }

    /// Explains why a rule could not be closed. A rule of another account can be seen in a shared VPC, but only its
    /// owner can change it.
    private func explain(_ unproven: UnprovenRule) async throws -> RevertError {
        let owner = unproven.live?.ownerID.flatMap { AccountID($0) } ?? place.account
        guard let owner, let ours = await run.ownAccount(in: place), ours != owner.description
        else {
            return .unproven(unproven)
        }
        return .foreignAccount(owner, ours: ours)
    }

    /// Throws if the group belongs to another account. EC2 does not show another account's rules, so a rule that it
    /// does not show may still stand.
    private func refuseForeignAccount() async throws {
        guard let account = place.account, let ours = await run.ownAccount(in: place),
            ours != account.description
        else { return }
        throw RevertError.foreignAccount(account, ours: ours)
    }
}

extension RevertStep {
    /// The rule that is to be revoked.
    fileprivate var revoked: LiveRule? {
        if case .revoke(let live) = self { live } else { nil }
    }
}

extension Amendment {
    /// EC2's ids of the requests; nil if none was sent.
    fileprivate var requestIDs: [String]? { self == .outdated ? nil : [requestID].compactMap(\.self) }
}

extension UnprovenRule {
    /// The rule that EC2 shows.
    fileprivate var live: LiveRule? {
        switch self {
        case .stillStands(let live), .shownButUnknown(let live): live
        case .notPutBack: nil
        }
    }
}

extension RevertMachine.History {
    /// Reads what the claim tells of earlier runs.
    init(_ claim: Claim) {
        self.init()
        matched = claim.matchedRuleIDs.map { Set($0.compactMap { SecurityGroupRuleID($0) }) }
        kept = Set(claim.kept.compactMap { SecurityGroupRuleID($0) })
        isTakeover = claim.isTakeover
        isConflict = claim.isConflict
        mayKnowRules = claim.knowsRules || claim.kept.isEmpty
        reverted = claim.alreadyReverted.map { ($0.ruleID, $0.rule) }
    }
}
