import AWSClient
import CloudTrailEvents
import Formats
import Foundation
import Ledger
import SecurityGroups
import Synchronization
import TestSupport
import Testing

@testable import Worker

/// A run of one event against scripted AWS.
struct Revert {
    let time = VirtualTime()
    let aws: ScriptedAWS
    var settle: Duration = .seconds(15)
    var isDryRun = false
    var lanes: Lanes?
    /// Without one, every rule that is added to the usual group is reverted.
    var policy: Policy?

    init(standing numbers: [Int] = []) throws {
        aws = ScriptedAWS(time: time)
        try aws.stand(numbers)
    }

    static func claim(
        matched: [Int]? = nil,
        isTakeover: Bool = false,
        alreadyReverted: [RuleResult] = []
    ) -> Claim {
        Claim(
            eventID: Name.event,
            fence: 1,
            attempt: 1,
            matchedRuleIDs: matched?.map(Name.rule),
            isTakeover: isTakeover,
            alreadyReverted: alreadyReverted
        )
    }

    /// Runs an event that added `rules` so many seconds ago.
    func callAsFunction(
        _ rules: [Int],
        age: Double = 0,
        hasRuleIDs: Bool = true,
        claim: Claim = Revert.claim(),
        early: EarlyLook? = nil,
        slot: WorkSlot? = nil,
        intend: @escaping @Sendable ([SecurityGroupRuleID]) async throws -> Void = { _ in }
    ) async throws -> RunResult {
        let text = RecordText(rules: rules, hasRuleIDs: hasRuleIDs, time: time.now - age).json
        guard case .change(let event, let change) = DecodedMessage(body: text) else { throw NoChange() }
        let group = try #require(SecurityGroupID(Name.group))
        let policy = policy ?? Policy.watching([group])
        let identity = OwnIdentity(session: try aws.session())
        _ = await identity.ask()
        let run = RevertRun(
            gateway: SecurityGroupGateway(session: try aws.session(), clock: time.clock),
            isDryRun: isDryRun,
            settle: settle,
            clock: time.clock,
            lanes: lanes,
            identity: identity
        )
        let gate = try Gate(event, change)
        let context = gate.context(of: change, by: event)
        guard case .watched(let watch) = policy.watch(context) else { throw NoChange() }
        let watched = WatchedChange(
            event: event,
            change: change,
            groupID: group,
            place: gate.place,
            planner: RevertPlanner(policy: policy, watch: watch, context: context)
        )
        return try await run(watched, claim: claim, journal: RunJournal(intend: intend), slot: slot, early: early)
    }

    /// The lane of the usual group.
    static var lane: Lane { Lane(.ec2, account: AccountID(Fixture.account), region: AWSRegion(Fixture.region)) }

    /// Lanes whose probes fail until the door is open.
    func makeLanes(behind door: Door) -> Lanes {
        Lanes(backoff: Backoff(base: .seconds(1), cap: .seconds(30)) { 1 }, clock: time.clock, logger: .silent) { _ in
            guard !door.isOpen else { return }
            let error = HTTPTransportError.timedOut(host: "h", after: .seconds(1))
            throw AWSClientError.transport(service: "ec2", operation: "DescribeSecurityGroupRules", error)
        }
    }

    /// Lets the rule with this number say what only port 443 lets in.
    func narrow(_ number: Int = 1) throws {
        let rule = try liveRule(number, port: 443)
        aws.with { $0.rules[Name.rule(number)] = rule }
    }

    private struct NoChange: Error {}
}
