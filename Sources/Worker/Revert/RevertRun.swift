import AWSClient
import CloudTrailEvents
import Foundation
import Ledger
import SecurityGroups

/// One run of one event: look at the rules that stand, decide, revert what is forbidden, and confirm it.
///
/// A claim about live state, not a replay of a message: running it twice, late, or on two hosts leaves the same rules. What is to
/// be done next, `RevertMachine` says; this makes the calls.
final class RevertRun: Sendable {
    let gateway: SecurityGroupGateway
    let isDryRun: Bool
    /// The settle time: for so long after a change, EC2 may still show the earlier state.
    let settle: Duration
    let clock: WorkerClock
    /// By it the age of an event is told.
    let time: AWSTime
    /// Keeps a run through an outage; without it the run fails.
    let lanes: Lanes?
    /// False for a run that an outage ends: it is made again at another time.
    let isPatient: Bool
    let identity: OwnIdentity
    /// The policy of the moment, by which access that a run adds is judged; nil for the policy of the event.
    let policies: PolicyStore?

    init(
        gateway: SecurityGroupGateway,
        isDryRun: Bool,
        settle: Duration,
        clock: WorkerClock,
        lanes: Lanes? = nil,
        isPatient: Bool = true,
        identity: OwnIdentity,
        policies: PolicyStore? = nil
    ) {
        self.gateway = gateway
        self.isDryRun = isDryRun
        self.settle = settle
        self.clock = clock
        time = AWSTime(clock: clock)
        self.lanes = lanes
        self.isPatient = isPatient
        self.identity = identity
        self.policies = policies
    }

    /// A copy whose runs an outage ends.
    var impatient: RevertRun {
        RevertRun(
            gateway: gateway,
            isDryRun: isDryRun,
            settle: settle,
            clock: clock,
            lanes: lanes,
            isPatient: false,
            identity: identity,
            policies: policies
        )
    }

    /// The record of a new group is acted on for so long. Later, the group's egress may be what somebody wants.
    static let newGroupAge: TimeInterval = 900

    /// Runs `watched` under `claim`.
    ///
    /// - Parameter early: The look that began with the claim; nil for none.
    /// - Returns: The result. A run that failed half-way also returns what it achieved.
    /// - Throws: `CancellationError`, `OutageLasted`, `LedgerError`.
    func callAsFunction(
        _ watched: WatchedChange,
        claim: Claim,
        journal: RunJournal,
        slot: WorkSlot? = nil,
        early: EarlyLook? = nil
    ) async throws -> RunResult {
        if let early = try await refuseOldGroup(watched, claim, journal) { return early }
        let slot = slot ?? WorkSlot(clock: clock)
        var call = Call(run: self, watched: watched, claim: claim, journal: journal, slot: slot, early: early)
        do {
            try await call.run()
        } catch let error where Self.endsRun(error) {
            throw error
        } catch {
            call.fail(with: error)
        }
        return call.result()
    }

    /// True for an error that is no failure of the event: another worker, or this one later, continues with it.
    private static func endsRun(_ error: any Error) -> Bool {
        error is CancellationError || error is LedgerError || error is OutageLasted || error is ParkingFull
            || error is MessageLost
    }

    /// Refuses the record of a new group if the group is old. A forged record could otherwise cut off an old group's
    /// egress.
    private func refuseOldGroup(
        _ watched: WatchedChange,
        _ claim: Claim,
        _ journal: RunJournal
    ) async throws -> RunResult? {
        guard watched.isNewGroup, claim.matchedRuleIDs == nil else { return nil }
        guard let time = watched.event.eventTime, self.time.now.timeIntervalSince(time) < Self.newGroupAge else {
            return RunResult(
                outcome: .unchanged,
                reason: "the record is older than 15 minutes, so the group may have been set up since",
                isDryRun: isDryRun
            )
        }
        guard try await journal.knewGroup(time) else { return nil }
        return RunResult(
            outcome: .conflict,
            reason: "conflict: the ledger saw the group before the record says that it was made",
            isDryRun: isDryRun
        )
    }

    /// How long EC2 may still show the state from before a call that was made at `time`; zero or less if it no longer may.
    func unsettledTime(since time: Date?) -> Duration {
        let age = max(time.map(self.time.now.timeIntervalSince) ?? 0, 0)
        return settle - .seconds(min(age, 86_400))
    }

    /// The group as EC2 shows it.
    func group(_ id: SecurityGroupID, in place: Place, slot: WorkSlot? = nil) async throws -> DescribedSecurityGroup? {
        try await riding(place, slot) { [gateway] in try await gateway.group(id, in: place) }
    }

    /// The groups of these ids that EC2 shows.
    func groups(
        _ ids: [SecurityGroupID],
        in place: Place,
        slot: WorkSlot? = nil
    ) async throws -> [DescribedSecurityGroup] {
        guard !ids.isEmpty else { return [] }
        return try await riding(place, slot) { [gateway] in try await gateway.groups(ids, in: place) }
    }

    /// Makes a call in the lane of the place.
    func riding<Result>(_ place: Place, _ slot: WorkSlot?, _ call: () async throws -> Result) async throws -> Result {
        guard let lanes else { return try await call() }
        let lane = Lane(.ec2, account: place.account, region: place.region)
        return try await lanes.perform(lane, slot: slot, isPatient: isPatient, call)
    }

    /// The account of the worker's credentials; nil if STS does not answer soon. No revert waits for it.
    func ownAccount(in place: Place) async -> String? {
        if gateway.clients.usesRole(in: place) { return place.account?.description }
        if let caller = identity.caller { return caller.account }
        return await withTaskGroup(of: String?.self) { group in
            group.addTask { [identity] in await identity.ask()?.account }
            group.addTask { [clock] in
                try? await clock.sleep(.seconds(3))
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
    }
}

/// The reason why a run cannot confirm that a rule is closed.
enum RevertError: Error, Hashable, CustomStringConvertible {
    /// EC2 does not show the effect of a call.
    case unproven(UnprovenRule)
    /// The event's account is not the account of the worker's credentials.
    case foreignAccount(AccountID, ours: String)

    var description: String {
        switch self {
        case .unproven(.stillStands(let rule)):
            "EC2 accepted the revoke of \(rule.id) but still shows the rule; revoke it by hand if the next attempt fails too"
        case .unproven(.shownButUnknown(let rule)):
            "EC2 shows the rule \(rule.id) but answers that it does not know it; revoke it by hand if the next attempt fails too"
        case .unproven(.notPutBack(let rule)):
            "EC2 accepted \(rule) but does not show it; put it back by hand if the next attempt fails too"
        case .foreignAccount(let account, let ours):
            "the event is of account \(account) but the credentials are of \(ours), where its rule cannot be changed; "
                + "run a worker with credentials of account \(account)"
        }
    }
}
