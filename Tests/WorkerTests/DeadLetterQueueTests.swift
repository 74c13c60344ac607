import AWSClient
import Foundation
import Ledger
import TestSupport
import Testing

@testable import Worker

/// The dead-letter queue is listed and replayed without losing a message.
@Suite struct DeadLetterQueueTests {
    private let time = VirtualTime()
    private let aws: ScriptedAWS
    private let queue: DeadLetterQueue

    init() throws {
        aws = ScriptedAWS(time: time)
        queue = DeadLetterQueue(sqs: try aws.session().sqs(queueURL: Name.queueURL), url: Name.deadLetterURL)
    }

    private func bury(_ ids: [String], _ change: (inout ScriptedAWS.Queued) -> Void = { _ in }) {
        for id in ids {
            var message = ScriptedAWS.Queued(id: id, body: RecordText(eventID: "event-\(id)", time: time.now).json)
            message.system["SentTimestamp"] = "\(Int(time.now.timeIntervalSince1970 * 1000))"
            message.attributes["SgRevertReason"] = .string("gave-up")
            message.attributes["trace"] = .string("t-\(id)")
            change(&message)
            aws.with { [message] in $0.queues[Name.deadLetterURL, default: []].append(message) }
        }
    }

    private func ids(in url: String) -> [String] {
        aws.with { $0.queues[url, default: []].map(\.id) }
    }

    /// The ids of the messages that `filter` means.
    private func listed(_ filter: DeadLetterFilter) async throws -> [String] {
        var ids: [String] = []
        try await queue.list(filter) { ids.append($0.message.messageID) }
        return ids
    }

    @Test func `a replay moves every message, body untouched, story taken off, the count put on`() async throws {
        let numbers = (1...25).map { "m\($0)" }
        bury(numbers)
        let bodies = aws.with { $0.queues[Name.deadLetterURL, default: []].map(\.body) }
        var done = 0
        try await queue.replay(DeadLetterFilter(), to: Name.queueURL) { _ in done += 1 }
        #expect(done == 25)
        #expect(ids(in: Name.deadLetterURL).isEmpty)
        let moved = aws.with { $0.queues[Name.queueURL, default: []] }
        #expect(moved.map(\.body) == bodies)
        #expect(moved.allSatisfy { Set($0.attributes.keys) == ["trace", "SgRevertReplayCount"] })
        #expect(moved.first?.attributes["SgRevertReplayCount"]?.stringValue == "1")
    }

    @Test func `what a worker puts back while a replay goes on is not sent again`() async throws {
        bury(["m1", "m2"])
        var done = 0
        try await queue.replay(DeadLetterFilter(), to: Name.queueURL) { _ in
            done += 1
            guard done < 10 else { return }
            // The worker is quick, and the message as bad as before.
            aws.with { world in
                for message in world.queues[Name.queueURL, default: []] {
                    var copy = ScriptedAWS.Queued(id: "back-\(done)", body: message.body)
                    copy.attributes = message.attributes
                    copy.attributes["SgRevertReason"] = .string("not-json")
                    world.queues[Name.deadLetterURL, default: []].append(copy)
                }
                world.queues[Name.queueURL] = []
            }
        }
        #expect(done == 2)
        #expect(Set(ids(in: Name.deadLetterURL)) == ["back-1", "back-2"])
    }

    @Test func `a message that was replayed before counts on`() async throws {
        bury(["m1"]) { $0.attributes["SgRevertReplayCount"] = .init(dataType: "Number", stringValue: "4") }
        try await queue.replay(DeadLetterFilter(), to: Name.queueURL) { _ in }
        let moved = aws.with { $0.queues[Name.queueURL, default: []] }
        #expect(moved.first?.attributes["SgRevertReplayCount"]?.stringValue == "5")
    }

    @Test func `a send that is refused deletes nothing and gives everything back`() async throws {
        bury(["m1", "m2", "m3"])
        aws.with { $0.refusals["SendMessage"] = [.sqsError("AccessDenied", status: 403)] }
        await #expect(throws: QueueTrouble.self) {
            try await queue.replay(DeadLetterFilter(), to: Name.queueURL) { _ in }
        }
        #expect(ids(in: Name.deadLetterURL) == ["m1", "m2", "m3"])
        #expect(ids(in: Name.queueURL).isEmpty)
        #expect(aws.with { Set($0.visibilities.map(\.id)) } == ["m1", "m2", "m3"])
        #expect(aws.with { $0.visibilities.allSatisfy { $0.seconds == 0 } })
    }

    @Test func `ended between send and delete, a message is in both queues, never in neither`() async throws {
        bury(["m1", "m2"])
        aws.with { $0.refusals["DeleteMessageBatch"] = [.sqsError("AccessDenied", status: 403)] }
        await #expect(throws: QueueTrouble.self) {
            try await queue.replay(DeadLetterFilter(), to: Name.queueURL) { _ in }
        }
        #expect(ids(in: Name.deadLetterURL) == ["m1", "m2"])
        #expect(ids(in: Name.queueURL).count == 1)

        aws.with { $0.entryFailures["DeleteMessageBatch"] = (1, true) }
        var troubles: [String] = []
        try await queue.replay(DeadLetterFilter(), to: Name.queueURL) {
            troubles.append("\($0)")
        } done: { _ in
        }
        #expect(ids(in: Name.deadLetterURL) == ["m1"], "the other one went on")
        #expect(
            troubles.count == 1
                && troubles.allSatisfy { $0.contains("message m1 (event event-m1) was sent but not deleted") }
        )
    }

    @Test func `in a FIFO queue a replay keeps its group and gets an id that is new at each replay`() async throws {
        bury(["m1"]) {
            $0.system["MessageGroupId"] = "g"
            $0.system["MessageDeduplicationId"] = "d"
        }
        try await queue.replay(DeadLetterFilter(), to: Name.queueURL + ".fifo") { _ in }
        let moved = aws.with { $0.queues[Name.queueURL + ".fifo", default: []] }
        #expect(moved.first?.system["MessageGroupId"] == "g")
        #expect(moved.first?.system["MessageDeduplicationId"] == "m1-1")
    }

    @Test func `a standard queue gets the group of a fair queue's message and no deduplication id`() async throws {
        bury(["m1"]) { $0.system["MessageGroupId"] = "tenant" }
        bury(["m2"])
        try await queue.replay(DeadLetterFilter(), to: Name.queueURL) { _ in }
        let moved = aws.with { $0.queues[Name.queueURL, default: []] }
        #expect(moved.map { $0.system["MessageGroupId"] } == ["tenant", nil])
        #expect(moved.allSatisfy { $0.system["MessageDeduplicationId"] == nil })
    }

    @Test func `a list shows each message once and gives all of them back at once`() async throws {
        let all = (1...23).map { "m\($0)" }
        bury(all)
        #expect(try await listed(DeadLetterFilter()) == all)
        #expect(try await listed(DeadLetterFilter()) == all)
        #expect(aws.with { $0.visibilities.count } == 46)
    }

    @Test func `a limit takes the first that match and gives back the rest of the batch`() async throws {
        bury((1...15).map { "m\($0)" })
        #expect(try await listed(DeadLetterFilter(limit: 3)) == ["m1", "m2", "m3"])
        #expect(aws.with { $0.visibilities.count } == 5)
        try await queue.replay(DeadLetterFilter(limit: 12), to: Name.queueURL) { _ in }
        #expect(ids(in: Name.deadLetterURL) == ["m13", "m14", "m15"])
        #expect(aws.with { $0.queues[Name.deadLetterURL, default: []].allSatisfy { $0.visibleAt <= time.now } })
    }

    @Test func `filters hold together`() async throws {
        bury(["old"])
        time.advance(.seconds(100))
        bury(["bad"]) { $0.attributes["SgRevertReason"] = .string("undecodable") }
        bury(["else"]) { $0.body = RecordText(eventID: "event-else", group: "sg-11111111", time: .distantPast).json }
        bury(["odd"]) { $0.body = "no JSON" }
        let middle = time.now - 50
        #expect(try await listed(DeadLetterFilter(before: middle)) == ["old"])
        #expect(try await listed(DeadLetterFilter(after: middle)) == ["bad", "else", "odd"])
        #expect(try await listed(DeadLetterFilter(reason: .undecodable)) == ["bad"])
        #expect(try await listed(DeadLetterFilter(groupID: "sg-11111111")) == ["else"])
        #expect(try await listed(DeadLetterFilter(eventID: "event-old")) == ["old"])
        #expect(try await listed(DeadLetterFilter(groupID: Name.group, after: middle)) == ["bad"])
        #expect(try await listed(DeadLetterFilter(eventID: "event-old", reason: .undecodable)) == [])
    }

    @Test func `a dead letter's cells stand under their columns`() async throws {
        bury(["m1"])
        var cells: [String: String] = [:]
        try await queue.list(DeadLetterFilter()) { letter in
            #expect(letter.values.count == DeadLetter.columns.count)
            for (column, value) in zip(DeadLetter.columns, letter.values) {
                if case .text(let text) = value { cells[column] = text }
            }
        }
        #expect(cells["message_id"] == "m1")
        #expect(cells["event_id"] == "event-m1")
        #expect(cells["reason"] == "gave-up")
        #expect(cells["group_id"] == Name.group)
        #expect(cells["region"] == "eu-west-1")
        #expect(cells["actor_arn"] == "arn:aws:iam::111122223333:user/mia")
        #expect(cells["error_message"] == nil)
        #expect(Set(DeadLetter.tableColumns).isSubset(of: DeadLetter.columns))
    }
}
