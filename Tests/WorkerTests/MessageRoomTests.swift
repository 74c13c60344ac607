import AWSClient
import Foundation
import Testing

@testable import Worker

/// What fits beside a message: SQS takes ten attributes, and 1 MiB for the body and all attributes.
@Suite struct MessageRoomTests {
    private static let limit = 1_048_576

    private static func size(_ attributes: [String: MessageAttributeValue]) -> Int {
        attributes.reduce(0) { sum, attribute in
            sum + attribute.key.utf8.count + attribute.value.dataType.utf8.count
                + (attribute.value.stringValue?.utf8.count ?? 0) + (attribute.value.binaryValue?.count ?? 0)
        }
    }

    private func filled(
        bodySize: Int = 0,
        own: [String: MessageAttributeValue] = [:],
        _ parts: [(name: String, value: MessageAttributeValue)],
        shortened: String? = nil
    ) -> [String: MessageAttributeValue] {
        let all = MessageRoom(beside: own, bodySize: bodySize).filled(with: parts, shortened: shortened)
        #expect(all.count <= 10 && bodySize + Self.size(all) <= Self.limit)
        return all
    }

    private static let story: [(name: String, value: MessageAttributeValue)] = [
        ("Reason", .string("gave-up")), ("Error", .string("0123456789")), ("Worker", .string("host:1")),
    ]

    @Test func `all parts are added where there is room`() {
        let all = filled(own: ["trace": .string("t")], Self.story)
        #expect(Set(all.keys) == ["trace", "Reason", "Error", "Worker"])
    }

    /// The number of the sender's own attributes, and which parts fit beside them.
    @Test(arguments: [
        (0, ["Reason", "Error", "Worker"]), (7, ["Reason", "Error", "Worker"]), (8, ["Reason", "Error"]),
        (9, ["Reason"]), (10, []),
    ])
    func `of ten attributes the sender's own stay, and the first parts come next`(_ count: Int, _ names: [String]) {
        let own = Dictionary(uniqueKeysWithValues: (0..<count).map { ("own\($0)", MessageAttributeValue.string("x")) })
        let all = filled(own: own, Self.story)
        #expect(Set(all.keys) == Set(own.keys).union(names))
    }

    @Test func `a part takes the place of an attribute of the same name`() {
        let all = filled(own: ["Reason": .string("forged")], Self.story)
        #expect(all["Reason"] == .string("gave-up") && all.count == 3)
    }

    /// The bytes that are free beside the body, and the part that are left, with what is left of the error.
    @Test(arguments: [
        (100, ["Reason": "gave-up", "Error": "0123456789", "Worker": "host:1"]),
        // Reason takes 19 bytes, Error 21 and Worker 18.
        (58, ["Reason": "gave-up", "Error": "0123456789", "Worker": "host:1"]),
        (57, ["Reason": "gave-up", "Error": "012345678", "Worker": "host:1"]),
        (49, ["Reason": "gave-up", "Error": "0", "Worker": "host:1"]),
        (48, ["Reason": "gave-up", "Worker": "host:1"]),
        (37, ["Reason": "gave-up", "Worker": "host:1"]),
        (36, ["Reason": "gave-up"]), (19, ["Reason": "gave-up"]), (18, [:]), (0, [:]),
    ])
    func `the error is shortened before any part is left out, and the last part goes first`(
        _ room: Int,
        _ expected: [String: String]
    ) {
        let all = filled(bodySize: Self.limit - room, Self.story, shortened: "Error")
        #expect(all.mapValues { $0.stringValue ?? "" } == expected)
    }

    @Test func `without a part to shorten the last ones are left out`() {
        let all = filled(bodySize: Self.limit - 40, Self.story)
        #expect(Set(all.keys) == ["Reason", "Error"])
    }

    @Test(arguments: ["éééééé", "漢字漢字", "🦊🦊🦊", "e\u{301}e\u{301}e\u{301}"])
    func `an error is cut between two characters, at any length`(_ text: String) {
        let parts: [(name: String, value: MessageAttributeValue)] = [("Error", .string(text))]
        for room in 11...(11 + text.utf8.count) {
            let cut = filled(bodySize: Self.limit - room, parts, shortened: "Error")["Error"]?.stringValue
            #expect(cut.map { text.unicodeScalars.starts(with: $0.unicodeScalars) && !$0.isEmpty } ?? true)
            #expect((cut?.utf8.count ?? 0) > room - 11 - 4)
        }
    }

    @Test func `the sender's attributes count with their names, types and bytes`() {
        let own: [String: MessageAttributeValue] = [
            "blob": MessageAttributeValue(dataType: "Binary.gz", binaryValue: Data(count: 100))
        ]
        // 4 for the name, 9 for the type, 100 for the value; the part takes 8.
        let part: [(name: String, value: MessageAttributeValue)] = [("R", .string("x"))]
        #expect(filled(bodySize: Self.limit - 121, own: own, part).count == 2)
        #expect(filled(bodySize: Self.limit - 120, own: own, part).count == 1)
    }

    @Test func `beside a message that fills its room nothing is added, and nothing of it is lost`() {
        let own: [String: MessageAttributeValue] = ["trace": .string("t")]
        let all = MessageRoom(beside: own, bodySize: Self.limit).filled(with: Self.story, shortened: "Error")
        #expect(all == own)
    }
}

/// The number of replays that a message carries, which anybody may forge.
@Suite struct ReplayCountTests {
    @Test(
        arguments: [
            (nil, 0), ("", 0), ("0", 0), ("1", 1), ("1000", 1000), ("1001", 0), ("-1", 0), ("1.5", 0), (" 1", 0),
            ("0x1", 0),
            ("9223372036854775808", 0), ("1\u{0}", 0), ("١", 0),
        ] as [(String?, Int)]
    )
    func `anything but a whole number up to 1,000 is none`(_ text: String?, _ count: Int) {
        #expect(ReplayCount.parse(text) == count)
    }

    @Test func `it rises with each replay up to its bound`() {
        #expect(ReplayCount.next(after: 0) == 1 && ReplayCount.next(after: 999) == 1000)
        #expect(ReplayCount.next(after: 1000) == 1000)
    }

    @Test func `only a text attribute counts`() {
        func count(_ value: MessageAttributeValue) -> Int {
            SQSMessage(
                messageID: "m",
                receiptHandle: "r",
                body: "",
                messageAttributes: ["SgRevertReplayCount": value]
            ).replayCount
        }
        #expect(count(.string("7")) == 7)
        #expect(count(MessageAttributeValue(dataType: "Number", stringValue: "7")) == 7)
        #expect(count(MessageAttributeValue(dataType: "Binary", binaryValue: Data("7".utf8))) == 0)
    }
}
