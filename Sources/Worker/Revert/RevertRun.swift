import AWSClient
import CloudTrailEvents
import Foundation
import Ledger
import SecurityGroups

/// One run of one event: look at what stands, decide, undo what the event did and what must not be so, prove it.
///
/// A claim about live state, not a replay of a message: running it twice, late, or on two hosts leaves the same rules.
struct RevertRun: Sendable {
    let gateway: SecurityGroupGateway
    let isDryRun: Bool
    /// For so long after an event, or after a change of ours, what EC2 shows may be older than what it did.
    let settle: Duration
    let clock: WorkerClock
    /// Keeps a run through an outage; without it the run fails.
    var lanes: Lanes?

    /// What of a rule the ledger is asked for: what it says, and its id where it has one.
    struct Question: Hashable, Sendable {
        let rule: SecurityGroupRule
        let ruleID: String?
    }

    /// Runs `watched` under `claim`.
    ///
    /// - Parameters:
    ///   - intend: called with all rules that this run has tried to revert or is about to, before it does; what it throws
    ///     ends the run.
    ///   - recall: answers what the ledger knows of each rule from before the event.
    /// - Returns: the result, also of a run that failed half-way: what it did achieve is not lost.
    /// - Throws: `CancellationError`, `OutageLasted`, or what `intend` throws.
    func callAsFunction(
        _ watched: WatchedChange,
        claim: Claim,
        intend: ([SecurityGroupRuleID]) async throws -> Void,
        recall: ([Question]) async throws -> [RulePast] = { $0.map { _ in RulePast() } }
    ) async throws -> RunResult {
        var calls = CallLog(clock: clock)
        var state = RunState(watched: watched, claim: claim, start: clock.now(), settle: settle)
        do {
            while !state.open.isEmpty {
                guard !state.isTooEarly(clock.now()) else {
                    try await clock.sleep(state.nextPause())
                    continue
                }
                let live = try await calls.record("DescribeSecurityGroupRules", ids: \.requestIDs) {
                    try await rules(of: state.open, watched: watched)
                }.rules
                let candidates = state.judge(live, now: clock.now())
                if !candidates.isEmpty {
                    let questions = candidates.map { candidate in
                        Question(rule: candidate.content.rule, ruleID: candidate.live?.id.description)
                    }
                    let pasts =
                        watched.planner.needsPast ? try await recall(questions) : questions.map { _ in RulePast() }
                    let moves = state.plan(candidates, pasts: pasts, isDryRun: isDryRun)
                    if !moves.isEmpty {
                        try await intend(state.noteIntent(to: moves))
                        try await make(moves, &state, &calls, watched)
                    }
                }
                if !state.open.isEmpty {
                    try await clock.sleep(state.nextPause())
                }
            }
            if state.hasGoneRules {
                try await refuseForeignAccount(watched)
            }
        } catch let error where error is CancellationError || error is LedgerError || error is OutageLasted {
            throw error
        } catch {
            state.fail(with: error)
        }
        var result = state.result(isDryRun: isDryRun)
        result.calls = calls.calls
        return result
    }

    /// Revokes go together, the rest one by one.
    private func make(
        _ moves: [RunState.Move],
        _ state: inout RunState,
        _ calls: inout CallLog,
        _ watched: WatchedChange
    ) async throws {
        for direction in Direction.allCases {
            let revokes = moves.compactMap { move -> (index: Int, id: SecurityGroupRuleID)? in
                guard case .revoke(let live) = move.step, live.rule.direction == direction else { return nil }
                return (move.index, live.id)
            }
            guard !revokes.isEmpty else { continue }
            let action = "RevokeSecurityGroup\(direction.actionSuffix)"
            let results = try await calls.record(action, ids: { $0.compactMap(\.requestID) }) {
                try await calling(watched.place, &state) {
                    try await gateway.revoke(revokes.map(\.id), of: watched.groupID, direction, in: watched.place)
                }
            }
            for (revoke, result) in zip(revokes, results) {
                state.note(result, at: revoke.index, now: clock.now())
            }
        }
        for move in moves {
            let amendment: Amendment
            switch move.step {
            case .restore(let live, to: let content):
                amendment = try await calls.record(
                    "ModifySecurityGroupRules",
                    ids: { [$0.requestID].compactMap(\.self) }
                ) {
                    try await calling(watched.place, &state) {
                        try await gateway.restore(live.id, to: content, in: watched.groupID, watched.place)
                    }
                }
            case .authorize(let content):
                let action = "AuthorizeSecurityGroup\(content.rule.direction.actionSuffix)"
                amendment = try await calls.record(action, ids: { [$0.requestID].compactMap(\.self) }) {
                    try await calling(watched.place, &state) {
                        try await gateway.authorize(content, in: watched.groupID, watched.place)
                    }
                }
            case .revoke, .nothing: continue
            }
            state.note(amendment, at: move.index, now: clock.now())
        }
    }

    private func calling<Result>(
        _ place: Place,
        _ state: inout RunState,
        _ call: () async throws -> Result
    ) async throws -> Result {
        try await riding(place) {
            do {
                return try await call()
            } catch {
                state.noteLostAnswer()
                throw error
            }
        }
    }

    /// By id where the record has ids, which costs one call for the rules of many events; else, and where it is what they say
    /// that matters, the whole group.
    private func rules(of changed: [ChangedRule], watched: WatchedChange) async throws -> Look {
        let ids = watched.change.kind.isRemoval ? [] : changed.compactMap(\.strictID)
        var look = try await riding(watched.place) {
            ids.count == changed.count
                ? try await gateway.rules(ids, in: watched.place)
                : try await gateway.rules(of: watched.groupID, in: watched.place)
        }
        // A group of another account than the event's is not the one that the event is about.
        if let account = watched.place.account?.description {
            look.rules.removeAll { $0.ownerID != nil && $0.ownerID != account }
        }
        return look
    }

    /// The group as EC2 shows it.
    func group(_ id: SecurityGroupID, in place: Place) async throws -> DescribedSecurityGroup? {
        try await riding(place) { try await gateway.group(id, in: place) }
    }

    private func riding<Result>(_ place: Place, _ call: () async throws -> Result) async throws -> Result {
        guard let lanes else { return try await call() }
        return try await lanes.perform(Lane(.ec2, region: place.region), slot: nil, call)
    }

    /// EC2 shows another account's rules to nobody: what we do not see there is not gone.
    private func refuseForeignAccount(_ watched: WatchedChange) async throws {
        guard let account = watched.place.account else { return }
        let ours = try await riding(watched.place) { try await gateway.caller(in: watched.place.region).account }
        guard ours == account.description else {
            throw RevertError.foreignAccount(account, ours: ours)
        }
    }
}

/// Why a run cannot say that a rule is closed.
enum RevertError: Error, Hashable, CustomStringConvertible {
    /// EC2 accepted the revoke, and shows the rule all the same.
    case stillStands(SecurityGroupRuleID)
    /// EC2 accepted that the rule be put back, and does not show it all the same.
    case notPutBack(SecurityGroupRule)
    /// The event's account is not the one that our credentials belong to.
    case foreignAccount(AccountID, ours: String)

    var description: String {
        switch self {
        case .stillStands(let id):
            "EC2 accepted the revoke of \(id) but still shows the rule; revoke it by hand if the next attempt fails too"
        case .notPutBack(let rule):
            "EC2 accepted \(rule) but does not show it; put it back by hand if the next attempt fails too"
        case .foreignAccount(let account, let ours):
            "the event is of account \(account) but the credentials are of \(ours), where its rule cannot be seen; "
                + "run a worker with credentials of account \(account)"
        }
    }
}

extension ChangedRule {
    /// The rule's id, where the record has one that EC2 could have made.
    var strictID: SecurityGroupRuleID? {
        id.flatMap { SecurityGroupRuleID($0) }
    }
}
