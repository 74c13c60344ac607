import AWSClient
import Foundation
import Testing

@testable import Worker

/// A dead letter's story fits into what SQS allows.
@Suite struct DeadLetterStoryTests {
    private static let limit = 1_048_576

    private let story = DeadLetterStory(
        reason: .gaveUp,
        error: String(repeating: "é", count: 600),
        eventID: Name.event,
        failedAt: Date(timeIntervalSince1970: 1_764_063_000),
        worker: "host:1"
    )

    private func size(_ attributes: [String: MessageAttributeValue]) -> Int {
        attributes.reduce(0) {
            $0 + $1.key.utf8.count + $1.value.dataType.utf8.count + ($1.value.stringValue?.utf8.count ?? 0)
                + ($1.value.binaryValue?.count ?? 0)
        }
    }

    @Test func `with room for all, all five parts are there, the error cut at 512 characters`() {
        let own = ["trace": MessageAttributeValue.string("t"), "SgRevertReason": .string("an old story")]
        let attributes = story.attributes(beside: own, bodySize: 100)
        #expect(Set(attributes.keys) == Set(DeadLetterAttribute.story + ["trace"]))
        #expect(attributes["SgRevertReason"]?.stringValue == "gave-up")
        #expect(attributes["SgRevertError"]?.stringValue == String(repeating: "é", count: 512))
        #expect(attributes["SgRevertFailedAt"]?.stringValue == "2025-11-25T09:30:00Z")
    }

    @Test(arguments: 0...10)
    func `of ten attributes the message's own come first, then the reason`(count: Int) {
        let own = Dictionary(
            uniqueKeysWithValues: (0..<count).map { ("own\($0)", MessageAttributeValue.string("x")) }
        )
        let attributes = story.attributes(beside: own, bodySize: 100)
        #expect(attributes.count == min(count + 5, 10))
        #expect(own.keys.allSatisfy { attributes[$0] == own[$0] })
        #expect((attributes["SgRevertReason"] != nil) == (count < 10))
    }

    @Test func `the size never passes 1 MiB: the error is shortened, then parts are left out, the reason last`() {
        var last = Int.max
        for room in stride(from: 1400, through: 0, by: -5) {
            let attributes = story.attributes(beside: [:], bodySize: Self.limit - room)
            #expect(size(attributes) <= room)
            #expect(attributes.count <= last, "fewer bytes never bring a part back")
            last = attributes.count
            #expect(attributes["SgRevertError"]?.stringValue?.isEmpty != true)
            if attributes["SgRevertReason"] == nil { #expect(attributes.isEmpty) }
            if let error = attributes["SgRevertError"]?.stringValue, error.count < 512 {
                #expect(attributes.count == 5, "nothing is left out while the error can be shortened")
                #expect(room - size(attributes) < 2, "no shorter than need be")
            }
        }
        #expect(last == 0)
    }

    @Test func `the message's own binary attributes count, and text of others is stripped`() {
        let own = ["blob": MessageAttributeValue(dataType: "Binary", binaryValue: Data(count: 1000))]
        let hostile = DeadLetterStory(
            reason: .undecodable,
            error: "a\u{1B}[2J\nb",
            eventID: "é\u{0}",
            failedAt: .distantPast,
            worker: ""
        )
        let attributes = hostile.attributes(beside: own, bodySize: 0)
        #expect(attributes["SgRevertError"]?.stringValue == "a [2J b")
        #expect(attributes["SgRevertEventId"]?.stringValue == "??")
        #expect(attributes["SgRevertWorker"] == nil, "SQS refuses an empty value")
        #expect(hostile.attributes(beside: own, bodySize: Self.limit - 1010) == own)
    }
}
