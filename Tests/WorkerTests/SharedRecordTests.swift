import AWSClient
import Foundation
import SecurityGroups
import Testing

@testable import Worker

@Suite struct SharedRecordTests {
    private static let now = Date(timeIntervalSince1970: 1_764_063_000)

    private static func record(
        until: TimeInterval? = nil,
        _ outcome: EventOutcome? = nil,
        replays: Int = 0
    ) -> SharedRecord {
        var record = SharedRecord(digest: "d", fence: 3, token: "theirs")
        record.leaseUntil = until.map(now.addingTimeInterval)
        record.outcome = outcome
        record.replayCount = replays
        return record
    }

    @Test(
        arguments: [
            (record(until: 30), .held(until: now.addingTimeInterval(30))), (record(until: -1), .takeOver),
            // Of a clock that is an hour ahead.
            (record(until: 3600), .takeOver), (record(), .takeOver), (record(.reverted), .duplicate(.reverted)),
            (record(.failed), .takeOver), (record(.suppressed), .takeOver), (record(.deadLettered), .takeOver),
            (record(until: 30, .failed), .held(until: now.addingTimeInterval(30))),
        ] as [(SharedRecord, SharedVerdict)]
    )
    func `a delivery is decided as the ledger decides it`(_ record: SharedRecord, _ verdict: SharedVerdict) {
        #expect(
            record.verdict(digest: "d", replayCount: 0, token: "ours", now: Self.now, lease: .seconds(60)) == verdict
        )
    }

    @Test func `a replay is run once, other content is a conflict, and our own token is our own claim`() {
        func verdict(
            _ record: SharedRecord,
            digest: String = "d",
            replays: Int = 0,
            token: String = "ours"
        )
            -> SharedVerdict
        {
            record.verdict(digest: digest, replayCount: replays, token: token, now: Self.now, lease: .seconds(60))
        }
        #expect(verdict(Self.record(.reverted), replays: 1) == .takeOver)
        #expect(verdict(Self.record(.reverted, replays: 1), replays: 1) == .duplicate(.reverted))
        #expect(verdict(Self.record(.reverted), digest: "e") == .conflict)
        #expect(verdict(Self.record(until: 30), token: "theirs") == .mine)
    }

    @Test func `an item that no worker wrote is no event`() {
        #expect(SharedRecord(["pk": .string("event#x")]) == nil)
        #expect(SharedRecord(["pk": .string("x"), "digest": .integer(1), "fence": .string("x")]) == nil)
    }

    @Test(
        arguments: [
            ("fence", "9223372036854775807"), ("fence", "-1"), ("fence", "1e30"),
            ("lease_until", "9223372036854775807"),
            ("lease_until", "-9223372036854775808"), ("lease_until", "1.5"), ("replays", "9223372036854775807"),
            ("claim_replays", "1001"),
        ]
    )
    func `a number that no worker wrote makes the item none of ours`(name: String, digits: String) {
        let item: DynamoDBItem = ["digest": .string("d"), "fence": .integer(1), "token": .string("t")]
        #expect(SharedRecord(item) != nil)
        #expect(SharedRecord(item.merging([name: .number(digits)]) { $1 }) == nil)
        #expect(SharedRecord(item.merging([name: .string("1")]) { $1 }) == nil)
    }

    @Test func `a key stays within DynamoDB's limit, and two ids never share one`() {
        let long = String(repeating: "x", count: 4096)
        #expect((SharedKey.event(long)["pk"]?.string?.utf8.count ?? 0) < 2048)
        #expect(SharedKey.event(long) != SharedKey.event(long + "y"))
        #expect(SharedKey.event("a") != SharedKey.call("a"))
    }
}
