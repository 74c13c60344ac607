import CloudTrailEvents
import Foundation
import Ledger
import SecurityGroups

/// One run of one event: look at what stands, decide, revoke what the event added and what must not stand, prove it.
///
/// A claim about live state, not a replay of a message: running it twice, late, or on two hosts leaves the same rules.
struct RevertRun: Sendable {
    let gateway: SecurityGroupGateway
    let policy: Policy
    let isDryRun: Bool
    /// For so long after an event, or after a revoke, what EC2 shows may be older than what it did.
    let settle: Duration
    let clock: WorkerClock
    /// Keeps a run through an outage; without it the run fails.
    var outages: Outages?

    /// Runs `watched` under `claim`.
    ///
    /// - Parameter intend: called with all rules that this run has tried to revoke or is about to, before it does; what it
    ///   throws ends the run.
    /// - Returns: the result, also of a run that failed half-way: what it did achieve is not lost.
    /// - Throws: `CancellationError`, `OutageLasted`, or what `intend` throws.
    func callAsFunction(
        _ watched: WatchedChange,
        claim: Claim,
        intend: ([SecurityGroupRuleID]) async throws -> Void
    ) async throws -> RunResult {
        var calls = CallLog(clock: clock)
        var state = RunState(watched: watched, claim: claim, policy: policy, start: clock.now(), settle: settle)
        do {
            while !state.open.isEmpty {
                let look = try await calls.record("DescribeSecurityGroupRules", ids: \.requestIDs) {
                    try await rules(of: state.open.map(\.added), watched: watched)
                }
                let standing = state.judge(look.rules, now: clock.now(), isDryRun: isDryRun)
                if !standing.isEmpty {
                    try await intend(state.noteIntent(to: standing))
                    let results = try await calls.record(watched.revokeAction, ids: { $0.compactMap(\.requestID) }) {
                        try await riding(watched.place) {
                            do {
                                return try await gateway.revoke(
                                    standing.map(\.id),
                                    of: watched.groupID,
                                    watched.direction,
                                    in: watched.place
                                )
                            } catch {
                                state.noteLostAnswer()
                                throw error
                            }
                        }
                    }
                    state.note(results, for: standing, now: clock.now())
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

    /// By id where the record has ids, which costs one call for the rules of many events; else the whole group.
    private func rules(of added: [ChangedRule], watched: WatchedChange) async throws -> Look {
        let ids = added.compactMap(\.strictID)
        return try await riding(watched.place) {
            ids.count == added.count
                ? try await gateway.rules(ids, in: watched.place)
                : try await gateway.rules(of: watched.groupID, in: watched.place)
        }
    }

    private func riding<Result>(_ place: Place, _ call: () async throws -> Result) async throws -> Result {
        guard let outages else { return try await call() }
        return try await outages.riding(.ec2(place.region), call)
    }

    /// EC2 shows another account's rules to nobody: what we do not see there is not gone.
    private func refuseForeignAccount(_ watched: WatchedChange) async throws {
        guard let account = watched.place.account else { return }
        let ours = try await riding(watched.place) { try await gateway.callerAccount(in: watched.place.region) }
        guard ours == account.description else {
            throw RevertError.foreignAccount(account, ours: ours)
        }
    }
}

/// Why a run cannot say that a rule is closed.
enum RevertError: Error, Hashable, CustomStringConvertible {
    /// EC2 accepted the revoke, and shows the rule all the same.
    case stillStands(SecurityGroupRuleID)
    /// The event's account is not the one that our credentials belong to.
    case foreignAccount(AccountID, ours: String)

    var description: String {
        switch self {
        case .stillStands(let id):
            "EC2 accepted the revoke of \(id) but still shows the rule; revoke it by hand if the next attempt fails too"
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
