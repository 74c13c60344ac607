import AWSClient
import Foundation
import Ledger
import SecurityGroups
import TestSupport
import Testing

@testable import Worker

/// A keeper of the state beside a pipeline, on one scripted AWS.
struct Keeper {
    let it: Pipeline
    let keeper: StateKeeper

    init(_ it: Pipeline, interval: Duration = .seconds(900), holder: String = "one", lanes: Lanes? = nil) throws {
        self.it = it
        it.aws.with { $0.groups[Name.group] = $0.groups[Name.group] ?? [:] }
        let account = try #require(AccountID("111122223333"))
        let region = try #require(AWSRegion("eu-west-1"))
        var pipeline = it.pipeline
        if let lanes {
            pipeline.revert = RevertRun(
                gateway: pipeline.revert.gateway,
                isDryRun: pipeline.revert.isDryRun,
                settle: .seconds(15),
                clock: it.time.clock,
                lanes: lanes,
                identity: it.identity
            )
        }
        let judging = pipeline
        keeper = StateKeeper(
            reader: SnapshotReader(
                gateway: SecurityGroupGateway(session: it.session, clock: it.time.clock),
                writer: it.writer,
                settle: .seconds(15),
                clock: it.time.clock,
                isNotifying: { _ in true }
            ),
            claims: it.claims,
            leases: SharedLeases(shared: it.claims.shared, ledger: LedgerLeases(writer: it.writer)),
            policies: it.policies,
            holder: holder,
            places: { _ in [Place(account: account, region: region)] },
            interval: interval,
            settle: .seconds(15),
            isDryRun: it.pipeline.revert.isDryRun,
            clock: it.time.clock,
            logger: .silent,
            judge: { try await judging.judge($0, logger: .silent) },
            told: {}
        )
    }

    /// The caller of temporary exemptions.
    static let exempted = "arn:aws:iam::111122223333:user/mia"

    /// Begins a temporary exemption in the ledger.
    func lend(
        id: String = "ex-1",
        principal: String = Self.exempted,
        minutes: Double = 60,
        then: Exemption.End = .revert,
        remind: Duration? = nil
    ) async throws {
        let now = it.time.now
        let exemption = TemporaryExemption(
            id: id,
            principal: principal,
            from: now,
            until: now + 60 * minutes,
            then: then,
            remind: remind,
            reason: "incident 4711",
            madeBy: "kim@desk"
        )
        try await it.writer.write { try $0.add(exemption) }
    }

    /// A round after the snapshot has become due, and one more after two settle times.
    func later() async {
        it.time.advance(.seconds(901))
        await keeper.round(isWanted: false)
        it.time.advance(.seconds(31))
        await keeper.round(isWanted: false)
    }

    /// What stands by the ledger: rule, how it is known, why it may stand.
    func standing() throws -> [[String]] {
        try LedgerReader(path: it.test.path).standingRules().map { row in
            [row[.ruleID], row[.knownBy], row[.approvedBy]].map { $0.text ?? "-" }
        }
    }

    /// Name and outcome of every event in the ledger.
    func events() throws -> [[String]] {
        try LedgerReader(path: it.test.path).events(matching: EventFilter(), after: nil, limit: 100).map { event in
            [event[.eventName].text ?? "-", event.outcome?.rawValue ?? "-"]
        }
    }
}
