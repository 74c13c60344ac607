import AWSClient
import Foundation
import Ledger
import TestSupport
import Testing

@testable import Worker

/// A dead letter as a row, which filter means it, and what a pass says of it.
@Suite struct DeadLetterValueTests {
    private static let sentAt = Date(timeIntervalSince1970: 1_764_063_000)

    private static func letter(
        _ id: String = "m1",
        body: String? = nil,
        attributes: [String: MessageAttributeValue] = [:],
        sent: String? = "1764063000000"
    ) -> DeadLetter {
        var system = ["ApproximateReceiveCount": "4"]
        system["SentTimestamp"] = sent
        return DeadLetter(
            SQSMessage(
                messageID: id,
                receiptHandle: "secret-handle",
                body: body ?? RecordText(time: sentAt).json,
                systemAttributes: system,
                messageAttributes: attributes
            )
        )
    }

    private static let story: [String: MessageAttributeValue] = [
        "SgRevertReason": .string("gave-up"), "SgRevertError": .string("denied"),
        "SgRevertFailedAt": .string("2025-11-25T10:00:00.000Z"), "SgRevertWorker": .string("host:1"),
        "SgRevertReplayCount": .string("2"), "SgRevertEventId": .string("told"),
    ]

    private func row(_ letter: DeadLetter) -> [String: AuditValue] {
        #expect(DeadLetter.columns.count == letter.values.count)
        return Dictionary(uniqueKeysWithValues: zip(DeadLetter.columns, letter.values))
    }

    @Test func `every column has what the message and its attributes say`() {
        let row = row(Self.letter(attributes: Self.story))
        let expected: [String: AuditValue] = [
            "message_id": .text("m1"), "event_id": .text(Name.event), "reason": .text("gave-up"),
            "error_message": .text("denied"), "event_name": .text("AuthorizeSecurityGroupIngress"),
            "account": .text("111122223333"), "region": .text("eu-west-1"), "group_id": .text(Name.group),
            "actor_arn": .text("arn:aws:iam::111122223333:user/mia"), "event_time": .text("2025-11-25T09:30:00.000Z"),
            "sent_at": .text("2025-11-25T09:30:00.000Z"), "failed_at": .text("2025-11-25T10:00:00.000Z"),
            "receives": .integer(4), "replays": .integer(2), "worker": .text("host:1"),
        ]
        for column in DeadLetter.columns { #expect(row[column] == expected[column], "\(column)") }
        #expect(Set(DeadLetter.tableColumns).isSubset(of: DeadLetter.columns))
    }

    @Test(arguments: ["", "not json", "{}", "[1]", #"{"eventID":7}"#, "\0"])
    func `of a body that cannot be read the attributes are left`(_ body: String) {
        let bare = row(Self.letter(body: body, sent: nil))
        let known: Set<String> = ["message_id", "receives", "replays"]
        for column in DeadLetter.columns { #expect((bare[column] != .null) == known.contains(column), "\(column)") }
        #expect(row(Self.letter(body: body, attributes: Self.story))["event_id"] == .text("told"))
    }

    @Test(arguments: [nil, "", "soon", "1764063000000x"] as [String?])
    func `a time of sending that is no number is none`(_ text: String?) {
        #expect(Self.letter(sent: text).sentAt == nil)
    }

    @Test func `the ledger's error stands where SQS itself moved the message, and the worker's own before it`() {
        var moved = Self.letter()
        moved.lastError = "of the ledger"
        #expect(row(moved)["error_message"] == .text("of the ledger") && row(moved)["reason"] == .null)
        var own = Self.letter(attributes: Self.story)
        own.lastError = "of the ledger"
        #expect(row(own)["error_message"] == .text("denied"))
    }

    @Test func `the details have each name once, whatever the sender called its attributes`() {
        let letter = Self.letter(attributes: [
            "body": .string("forged"), "event_id": .string("forged"), "trace": .string("t"),
            "blob": MessageAttributeValue(dataType: "Binary", binaryValue: Data([1, 2])),
        ])
        let details = letter.details
        #expect(Set(details.map(\.name)).count == details.count)
        let values = Dictionary(uniqueKeysWithValues: details.map { ($0.name, $0.value) })
        #expect(values["event_id"] == .text(Name.event) && values["attribute:event_id"] == .text("forged"))
        #expect(values["attribute:body"] == .text("forged") && values["body"] == .text(letter.message.body))
        #expect(values["blob"] == .text("AQI=") && values["trace"] == .text("t"))
        #expect(!details.contains { $0.value == .text("secret-handle") })
    }

    /// A filter, and whether it means the letter.
    private static let filters: [(String, DeadLetterFilter, Bool)] = [
        ("nothing asked for", DeadLetterFilter(), true),
        ("its event", DeadLetterFilter(eventID: Name.event), true),
        ("another event", DeadLetterFilter(eventID: "m1"), false),
        ("an id that is its event's", DeadLetterFilter(id: Name.event), true),
        ("an id that is its message's", DeadLetterFilter(id: "m1"), true),
        ("another id", DeadLetterFilter(id: "m2"), false),
        ("its group", DeadLetterFilter(groupID: Name.group), true),
        ("another group", DeadLetterFilter(groupID: "sg-1"), false),
        ("its reason", DeadLetterFilter(reason: .gaveUp), true),
        ("another reason", DeadLetterFilter(reason: .notJSON), false),
        ("before its time", DeadLetterFilter(before: sentAt), false),
        ("before the time after it", DeadLetterFilter(before: sentAt + 1), true),
        ("after its time", DeadLetterFilter(after: sentAt), false),
        ("after the time before it", DeadLetterFilter(after: sentAt - 1), true),
        ("between", DeadLetterFilter(before: sentAt + 1, after: sentAt - 1), true),
        ("its group and another reason", DeadLetterFilter(groupID: Name.group, reason: .undecodable), false),
    ]

    @Test(arguments: filters)
    func `a filter means what matches all that it names`(_ name: String, _ filter: DeadLetterFilter, _ isMeant: Bool) {
        #expect(filter.means(Self.letter(attributes: Self.story)) == isMeant, "\(name)")
    }

    @Test func `a letter without a time is older and younger than any bound`() {
        let letter = Self.letter(sent: nil)
        #expect(
            DeadLetterFilter(before: Self.sentAt).means(letter) && DeadLetterFilter(after: Self.sentAt).means(letter)
        )
    }

    // MARK: What a pass says

    private struct Words: Error, CustomStringConvertible {
        let description: String
    }

    private static let error = Words(description: "no\u{1B}[2J\nroute")

    @Test func `each trouble is a line that names the letter and what became of it`() {
        let letter = Self.letter("m\n1")
        let lines: [(PassTrouble, String, Bool)] = [
            (.notSent(letter, Self.error), "was not sent and stays in the dead-letter queue", true),
            (
                .notDeleted(letter, Self.error, isSent: true), "was sent but not deleted from the dead-letter queue",
                true
            ),
            (.notDeleted(letter, Self.error, isSent: false), "was not deleted from the dead-letter queue", true),
            (.notGivenBack(count: 3, Self.error), "3 that were read stay hidden", false),
            (.notGivenBack(count: 3, nil), "could not be given back", false),
            (.hiddenElsewhere(count: 2), "2 more are hidden by another reader", false),
            (.outOfReach(count: 5), "about 5 more could not be shown", false),
        ]
        for (trouble, words, isFailure) in lines {
            let line = trouble.description
            #expect(line.contains(words) && trouble.isFailure == isFailure, "\(line)")
            #expect(!line.contains("\n") && !line.contains("\u{1B}"), "\(line)")
        }
        #expect(lines[0].0.description.contains("(event \(Name.event))"))
        #expect(lines[3].0.description.contains("sqs:ChangeMessageVisibility"))
        #expect(!lines[4].0.description.contains("sqs:ChangeMessageVisibility"))
    }

    @Test(arguments: ["QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"])
    func `a queue that does not exist is named with its setting`(_ code: String) {
        let error = AWSServiceError(
            service: "SQS",
            operation: "ReceiveMessage",
            code: code,
            message: "m",
            statusCode: 400
        )
        let trouble = QueueTrouble(url: Name.queueURL, setting: "--queue-url", underlying: error)
        #expect(trouble.description == "queue \(Name.queueURL) does not exist: check --queue-url, or create the queue")
    }

    @Test func `any other trouble of a queue has its words in one line`() {
        let trouble = QueueTrouble(
            url: "https://x\n" + String(repeating: "y", count: 900),
            setting: "--s",
            underlying: Self.error
        )
        #expect(trouble.description.contains("route; check --s and the permissions on this queue"))
        #expect(!trouble.description.contains("\n") && trouble.description.count < 500)
    }

    @Test func `an error of a queue gets its name, and one of a setting stays as it is`() async {
        let transport = AWSClientError.unreadableResponse(service: "SQS", operation: "SendMessage", reason: "r")
        let error = await #expect(throws: QueueTrouble.self) {
            try await naming(Name.queueURL, setting: "--queue-url") { throw transport }
        }
        #expect(error?.url == Name.queueURL && error?.setting == "--queue-url")
        let batch = BatchEntryFailure(code: "InternalError", message: "m", isSenderFault: false)
        await #expect(throws: QueueTrouble.self) { try await naming("u", setting: "s") { throw batch } }
        await #expect(throws: AWSClientError.self) {
            try await naming("u", setting: "s") { throw AWSClientError.missingRegion }
        }
        await #expect(throws: Words.self) { try await naming("u", setting: "s") { throw Self.error } }
        await #expect(throws: CancellationError.self) {
            try await naming("u", setting: "s") { throw CancellationError() }
        }
    }
}
