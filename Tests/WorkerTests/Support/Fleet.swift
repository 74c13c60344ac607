import AWSClient
import Foundation
import Ledger
import SecurityGroups
import Synchronization
import TestSupport
import Testing

@testable import Worker

extension SharedAnswer {
    /// The claim in the table; nil if the answer is another one.
    var claim: SharedClaim? { if case .run(let claim) = self { claim } else { nil } }
}

/// Two hosts with a ledger each, one AWS and one table.
struct Fleet {
    static let table = "claims"

    let time = VirtualTime()
    let aws: ScriptedAWS
    let one: Pipeline
    let two: Pipeline

    init(
        standing numbers: [Int] = [],
        policy: Policy? = nil,
        before: @escaping @Sendable (String) async -> Void = { _ in }
    ) throws {
        let (time, aws) = (time, ScriptedAWS(time: time, before: before))
        aws.with { $0.tables[Self.table] = [:] }
        self.aws = aws
        one = try Self.host("one", numbers, policy, time, aws)
        two = try Self.host("two", numbers, policy, time, aws)
    }

    private static func host(
        _ name: String,
        _ numbers: [Int],
        _ policy: Policy?,
        _ time: VirtualTime,
        _ aws: ScriptedAWS
    ) throws -> Pipeline {
        try Pipeline(
            standing: numbers,
            policy: policy,
            time: time,
            aws: aws,
            test: TestLedger(time, worker: name)
        ) { session in
            try claims(name, time: time, session: session)
        }
    }

    /// The claims of one host in the table.
    static func claims(
        _ name: String,
        time: VirtualTime,
        session: AWSSession,
        watchdog: WorkerClock? = nil
    ) throws -> ClaimsTable {
        let client = try session.dynamodb()
        let lanes = Lanes(clock: time.clock, logger: .silent) { _ in
            _ = try await client.write(ClaimsTableProbe.write, table: Self.table)
        }
        let calls = TableCalls(
            client: client,
            table: table,
            lane: Lane(.dynamodb),
            lanes: lanes,
            watchdog: watchdog ?? time.endlessClock
        )
        let count = Mutex(0)
        return ClaimsTable(table: calls, owner: name, clock: time.clock) {
            count.withLock {
                $0 += 1
                return "\(name)-\($0)"
            }
        }
    }

    /// The usual record.
    var record: RecordText { one.record }

    /// The facts of the usual record.
    var facts: EventFacts {
        EventFacts(eventID: Name.event, digest: record.digest, eventName: "AuthorizeSecurityGroupIngress")
    }

    var delivery: Delivery { Delivery(messageID: "m0", receivedAt: time.now) }

    /// Claims the usual event for a host. It must be free.
    func claim(by host: Pipeline, intent: [String] = []) async throws -> Claim {
        let result = try await host.claims.claim(facts, delivery, intent: intent, slot: WorkSlot(clock: time.clock))
        return try #require(result.claim)
    }

    /// Claims the usual event for a host that is then paused, or dies: its lease ends.
    func claimAndLapse(by host: Pipeline, intent: [String] = []) async throws -> Claim {
        let claim = try await claim(by: host, intent: intent)
        time.advance(WorkerOptions.lease + .seconds(1))
        return claim
    }

    /// What the table has of the usual event.
    var row: SharedRecord? {
        aws.with { $0.tables[Self.table]?["event#\(Name.event)"] }.flatMap(SharedRecord.init)
    }

    /// How often the table was called.
    var tableCalls: Int {
        aws.with { $0.calls.count { ["GetItem", "PutItem", "UpdateItem"].contains($0) } }
    }

    /// What a host tells people now.
    func told(_ host: Pipeline) async throws -> [String] {
        try await host.writer.write { try $0.takeNotices(limit: 10, lease: .seconds(60)).map(\.id) }
    }

    /// Tells the table what waits for it, and decides on the notices of a host that do, in rounds over `duration`.
    func settle(_ host: Pipeline, for duration: Duration = .seconds(5), claims: EventClaims? = nil) async throws {
        let held = HeldNotices(claims: claims ?? host.claims, clock: time.clock, logger: .silent) {}
        var silence = HeldNotices.Silence()
        for _ in 0..<max(1, duration.components.seconds / 5) {
            time.advance(.seconds(5))
            try await held.claims.tellUntold()
            try await held.round(&silence)
        }
    }
}
