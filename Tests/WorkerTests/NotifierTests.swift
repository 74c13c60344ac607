import AWSClient
import Formats
import Foundation
import Hashing
import Ledger
import SecurityGroups
import Synchronization
import TestSupport
import Testing

@testable import Worker

/// People are told by every channel, and none holds up another.
@Suite struct NotifierTests {
    private let time = VirtualTime()

    /// A channel that remembers what it delivered, and fails as long as it is told to.
    private final class ScriptedChannel: NotificationChannel {
        let name: String
        private let state: Mutex<(failures: Int, delivered: [String])>
        private let hangs: Bool

        init(_ name: String, failures: Int = 0, hangs: Bool = false) {
            self.name = name
            self.hangs = hangs
            state = Mutex((failures, []))
        }

        var delivered: [String] { state.withLock { $0.delivered } }

        func deliver(_ notice: Notice) async throws {
            if hangs { try await Task.sleep(for: .seconds(3600)) }
            let fails = state.withLock { state in
                guard state.failures == 0 else {
                    state.failures -= 1
                    return true
                }
                state.delivered.append(notice.id)
                return false
            }
            if fails { throw CancellationError() }
        }
    }

    /// Puts notices into the outbox, and runs a notifier to the end of its wakes.
    private func run(_ channels: [any NotificationChannel], notices: Int, test: TestLedger) async throws {
        let writer = try LedgerWriter(test.ledger)
        for number in 0..<notices {
            try await writer.write { try $0.addNotice(id: "n\(number)", kind: "outage", payload: [:]) }
        }
        let notifier = Notifier(
            writer: writer,
            channels: { channels },
            backoff: Backoff(base: .seconds(2), cap: .seconds(300)) { 0 },
            // The looks come soon; the bound of a delivery stays what it is.
            clock: time.clock { try await Task.sleep(for: $0 > .seconds(10) ? $0 : .milliseconds(20)) },
            logger: .silent
        )
        let (wakes, wake) = AsyncStream.makeStream(of: Void.self)
        wake.yield()
        wake.finish()
        await notifier.run(wakes: wakes)
    }

    @Test func `every notice that is due is sent before the notifier ends`() async throws {
        let test = try TestLedger(time)
        let channel = ScriptedChannel("a")
        try await run([channel], notices: 25, test: test)
        #expect(Set(channel.delivered) == Set((0..<25).map { "n\($0)" }) && channel.delivered.count == 25)
    }

    @Test func `a failed delivery is tried again`() async throws {
        let test = try TestLedger(time)
        let channel = ScriptedChannel("a", failures: 2)
        try await run([channel], notices: 1, test: test)
        #expect(channel.delivered == ["n0"])
    }

    @Test func `a channel that fails for ever holds up no other, and its own notices stay for later`() async throws {
        let test = try TestLedger(time)
        let writer = try LedgerWriter(test.ledger)
        for number in 0..<3 {
            try await writer.write { try $0.addNotice(id: "n\(number)", kind: "outage", payload: [:]) }
        }
        func take(_ channel: String) async throws -> [Notice] {
            try await writer.write {
                try $0.takeNotices(for: channel, of: ["good", "broken"], limit: 10, lease: .seconds(60))
            }
        }
        for notice in try await take("good") { try await writer.write { try $0.noticeSent(notice, for: "good") } }
        let failed = try await take("broken")
        #expect(Set(failed.map(\.id)) == ["n0", "n1", "n2"])
        for notice in failed {
            try await writer.write {
                try $0.noticeFailed(notice, for: "broken", error: "no", retryAfter: .seconds(5))
            }
        }
        #expect(try await take("good").isEmpty)
        #expect(try await take("broken").isEmpty)
        time.advance(.seconds(7200))
        let late = try await take("broken")
        #expect(Set(late.map(\.id)) == ["n0", "n1", "n2"] && late.allSatisfy { $0.attempt == 2 })
        #expect(try await take("good").isEmpty, "what one channel has is not sent there again")
    }

    @Test func `the message on a topic carries what a filter policy can look at`() async throws {
        let aws = ScriptedAWS(time: time)
        let channel = SNSChannel("arn:aws:sns:eu-west-1:111122223333:told", .text, try aws.session())
        let notice = Notice(
            id: "e1:reverted",
            kind: "reverted",
            eventID: "e1",
            account: "111122223333",
            region: "eu-west-1",
            groupID: Name.group,
            payloads: [#"{"event_id":"e1","rules":[]}"#]
        )
        try await channel.deliver(notice)
        let form = try #require(aws.with { $0.published.first })
        var attributes: [String: String] = [:]
        for index in 1...6 {
            let entry = "MessageAttributes.entry.\(index)"
            attributes[try #require(form["\(entry).Name"])] = form["\(entry).Value.StringValue"]
        }
        #expect(
            attributes == [
                "notice_id": "e1:reverted", "outcome": "reverted", "account": "111122223333", "region": "eu-west-1",
                "group_id": Name.group, "event_id": "e1",
            ]
        )
    }

    @Test func `a policy that names another topic is followed without a restart; the setting beats it`() async throws {
        let aws = ScriptedAWS(time: time)
        var policy = try Policy.watching([#require(SecurityGroupID(Name.group))])
        policy.topicARN = "arn:aws:sns:eu-west-1:111122223333:one"
        var options = WorkerOptions(queueURL: Name.queueURL, policy: policy)
        let list = try ChannelList(options, aws.session())
        #expect(list.current.map(\.name) == ["sns:arn:aws:sns:eu-west-1:111122223333:one"])
        policy.topicARN = "arn:aws:sns:eu-west-1:111122223333:two"
        options.policies.replace(with: policy)
        #expect(list.current.map(\.name) == ["sns:arn:aws:sns:eu-west-1:111122223333:two"])
        policy.topicARN = nil
        options.policies.replace(with: policy)
        #expect(list.current.isEmpty && !options.isNotifying(by: policy))
        options.topicARN = "arn:aws:sns:eu-west-1:111122223333:set"
        #expect(options.isNotifying(by: policy))
        options.topicARN = "arn:aws:sns:nowhere:1:x"
        #expect(throws: AWSClientError.self) { try ChannelList(options, aws.session()) }
    }
}
