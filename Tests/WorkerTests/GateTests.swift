import AWSClient
import Foundation
import Ledger
import SecurityGroups
import TestSupport
import Testing

@testable import Worker

/// Only events of our places, from whom we trust, are acted on.
@Suite struct GateTests {
    @Test(arguments: [["awsRegion": "\"us-east-1\""], ["recipientAccountId": "\"999988887777\""]]
    )
    func `an event of a Region or account that nobody configured is not watched, without any call`(
        members: [String: String]
    ) async throws {
        let it = try Pipeline(standing: [1])
        var record = it.record
        record.members = members
        #expect(try await it.process(it.message(record.json)) == .delete)
        #expect(try it.test.event("outcome") == "ignored")
        #expect(try it.test.event("reason") == "not-watched")
        #expect(it.aws.with { $0.calls }.isEmpty)
    }

    @Test func `regions and accounts come from the settings, the queue, the policy and our own credentials`() throws {
        func place(_ region: String, _ account: String) throws -> Place {
            Place(account: AccountID(account), region: try #require(AWSRegion(region)))
        }
        let plain = Policy(watch: [])
        let named = Policy(
            watch: [Watch(accounts: ["999988887777"], regions: ["us-east-1"], origin: "x")]
        )
        var territory = Territory(queueRegion: "eu-west-1", queueAccount: "111122223333")
        let ours = AccountID("444455556666")
        #expect(territory.covers(try place("eu-west-1", "111122223333"), policy: plain, own: ours))
        #expect(territory.covers(try place("eu-west-1", "444455556666"), policy: plain, own: ours))
        #expect(!territory.covers(try place("eu-west-1", "999988887777"), policy: plain, own: ours))
        #expect(!territory.covers(try place("us-east-1", "111122223333"), policy: plain, own: ours))
        #expect(territory.covers(try place("us-east-1", "999988887777"), policy: named, own: ours))
        territory.regions = ["eu-central-1"]
        #expect(!territory.covers(try place("eu-west-1", "111122223333"), policy: plain, own: ours))
        #expect(territory.covers(try place("eu-central-1", "111122223333"), policy: plain, own: ours))
    }

    @Test(arguments: [("AROAEVIL:x", false), ("AROAGOOD:events", true), ("AROAGOOD", true), (nil, false)]
    )
    func `a message of a sender who is not trusted is a dead letter, and leaves no row`(
        id: String?,
        isTrusted: Bool
    ) async throws {
        let it = try Pipeline(standing: [1], trusted: ["AROAGOOD"])
        var system = ["ApproximateReceiveCount": "1"]
        system["SenderId"] = id
        let message = SQSMessage(
            messageID: "m1",
            receiptHandle: "m1",
            body: it.record.json,
            systemAttributes: system
        )
        #expect(try await it.process(message) == .delete)
        #expect(try it.test.event("outcome") == (isTrusted ? "reverted" : nil))
        #expect(
            it.deadLetters.map { $0.attributes["SgRevertReason"]?.stringValue }
                == (isTrusted ? [] : ["untrusted-sender"])
        )
    }

    @Test func `an event of more than a thousand rules is impossible`() async throws {
        let it = try Pipeline()
        var record = it.record
        record.rules = Array(1...1001)
        #expect(try await it.process(it.message(record.json)) == .delete)
        #expect(try it.test.event("reason") == "impossible")
        #expect(it.aws.with { $0.calls } == ["SendMessage"])
    }

    @Test
    func `the same id with other content is a conflict that runs by itself; what came first does not stand in its way`()
        async throws
    {
        let it = try Pipeline(standing: [1])
        var forged = it.record
        forged.eventName = "DescribeInstances"
        #expect(try await it.process(it.message(forged.json, id: "m0")) == .delete)
        #expect(try it.test.event("outcome") == "ignored")
        #expect(try await it.process(it.message(it.record.json)) == .delete)
        #expect(it.aws.with { $0.rules.isEmpty })
        let rows = try LedgerReader(path: it.test.path).events(matching: EventFilter(), after: nil, limit: 10)
        #expect(rows.count == 2)
    }

    @Test func `a policy that is replaced while an event runs judges the next one`() async throws {
        let time = VirtualTime()
        let store = PolicyStore(Policy(watch: []))
        let aws = ScriptedAWS(time: time) { action in
            if action == "DescribeSecurityGroupRules" { store.replace(with: Policy(watch: [])) }
        }
        let it = try Pipeline(standing: [1], time: time, aws: aws)
        #expect(try await it.process(it.message(it.record.json)) == .delete)
        #expect(try it.test.event("outcome") == "reverted")
    }

    @Test func `errors of the gate name what cannot exist, stripped and short`() {
        #expect(ImpossibleName(kind: "Region", text: nil).description == "the event names no Region")
        let long = ImpossibleName(kind: "account", text: "\n" + String(repeating: "x", count: 500)).description
        #expect(long.count < 150 && !long.contains("\n"))
    }
}
