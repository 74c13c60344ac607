import AWSClient
import Foundation
import Ledger
import TestSupport
import Testing

@testable import Worker

/// Who sends, and who calls, is written down.
@Suite struct SendersTests {
    private func message(_ it: Pipeline, from sender: String?, _ body: String) -> SQSMessage {
        var system = ["ApproximateReceiveCount": "1"]
        system["SenderId"] = sender
        return SQSMessage(messageID: "m", receiptHandle: "m", body: body, systemAttributes: system)
    }

    @Test
    func
        `each sender that SQS attests is in the ledger once, a role's sessions as the role, also one who is not trusted`()
        async throws
    {
        let it = try Pipeline(trusted: ["AROAGOOD"])
        for sender in ["AROAGOOD:one", "AROAGOOD:two", "AIDAEVIL", nil] {
            _ = try await it.process(message(it, from: sender, it.record.json))
        }
        let seen = try LedgerReader(path: it.test.path).senders()
        #expect(Set(seen.map(\.id)) == ["AROAGOOD", "AIDAEVIL"])
        #expect(seen.allSatisfy { abs($0.lastSeen.timeIntervalSince(it.time.now)) < 60 })
    }

    @Test func `a sender is written down once an hour, and a flood of them is bounded`() {
        let senders = Senders()
        let start = ContinuousClock.now
        func note(_ sender: String, _ after: Duration) -> String? {
            let message = SQSMessage(
                messageID: "m",
                receiptHandle: "m",
                body: "",
                systemAttributes: ["SenderId": sender]
            )
            return senders.toNote(of: message, at: start + after)
        }
        #expect(note("A:1", .zero) == "A")
        #expect(note("A:2", .seconds(3599)) == nil)
        #expect(note("A:3", .seconds(3600)) == "A")
        #expect((1...2000).compactMap { note("B\($0)", .zero) }.count == 999)
        #expect(note("A", .seconds(9000)) == "A")
        #expect(note("", .zero) == nil)
    }

    @Test func `a caller without an ARN is in the ledger by the id that the record has`() async throws {
        let it = try Pipeline(standing: [1])
        var record = it.record
        record.members["userIdentity"] = #"{"type":"IdentityCenterUser","onBehalfOf":{"userId":"9367-abc"}}"#
        #expect(try await it.process(it.message(record.json)) == .delete)
        #expect(try it.test.event("actor_type") == "IdentityCenterUser")
        #expect(try it.test.event("actor_id") == "9367-abc")
    }

    @Test func `an event that is no change costs a short row, without its text`() async throws {
        let it = try Pipeline()
        var record = it.record
        record.eventName = "DescribeInstances"
        record.members["userAgent"] = "\"\(String(repeating: "x", count: 50_000))\""
        #expect(try await it.process(it.message(record.json)) == .delete)
        #expect(try it.test.event("outcome") == "ignored")
        #expect(try it.test.event("user_agent") == nil)
    }
}
