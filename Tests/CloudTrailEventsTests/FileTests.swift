import CloudTrailEvents
import Testing

/// A file of messages, in every form in which people have them.
@Suite struct FileTests {
    private static let record = Record(response: ruleSet(answeredRule(#""cidrIpv4":"0.0.0.0/0""#)))
    private static let json = record.json

    @Test(arguments: [
        (json, 1), (record.inEventBridge, 1), (inSNS(record.inEventBridge), 1), ("\n\n\(json)\n", 1),
        (json.replacing(",", with: ",\n"), 1), ("[\(json),\(record.inEventBridge)]", 2), ("[[\(json)]]", 1),
        ("\(json)\n\n\(record.inEventBridge)\r\n\(json)", 3), (#"{"Records":[\#(json),\#(json)]}"#, 2),
        (#"{"Messages":[{"MessageId":"m","Body":\#(quoted(json))}]}"#, 1), ("[\(quoted(json))]", 1),
        ("\(quoted(json))\n\(quoted(json))", 2),
    ])
    func `every message of a file is found`(text: String, count: Int) {
        let found = DecodedMessage.all(in: text)
        #expect(found.count == count)
        #expect(found.allSatisfy { $0.change != nil })
    }

    @Test func `a bad line keeps its place`() {
        let found = DecodedMessage.all(in: "\(Self.json)\nnonsense\n\(Self.json)")
        #expect(found.map { $0.unreadable?.reason } == [nil, .notJSON, nil])
    }

    @Test(arguments: ["nonsense", "{\n1\n", "a\nb\nc"])
    func `a file without any JSON is one bad message`(text: String) {
        #expect(DecodedMessage.all(in: text).count == 1)
    }

    @Test(arguments: [("[]", 0), (#"{"Records":[]}"#, 0), ("{}", 1), ("[[[[[[[]]]]]]]", 1)])
    func `a file may hold no event`(text: String, count: Int) {
        let found = DecodedMessage.all(in: text)
        #expect(found.count == count)
        #expect(found.allSatisfy { $0.unreadable != nil })
    }

    private static func quoted(_ text: String) -> String {
        "\"\(text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
    }
}
