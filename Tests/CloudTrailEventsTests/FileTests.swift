import CloudTrailEvents
import TestSupport
import Testing

/// A file of messages, in every form in which people have them.
@Suite struct FileTests {
    private static let record = CallRecord(response: ruleSet(answeredRule(#""cidrIpv4":"0.0.0.0/0""#)))
    private static let json = record.json

    @Test(
        arguments: [
            (json, 1, []), (record.inEventBridge(), 1, []), (inSNS(record.inEventBridge()), 1, []),
            ("\n\n\(json)\n", 1, []), (json.replacing(",", with: ",\n"), 1, []),
            ("[\(json),\(record.inEventBridge())]", 2, [.array]), ("[[\(json)]]", 1, [.array]),
            ("\(json)\n\n\(record.inEventBridge())\r\n\(json)", 3, []),
            (#"{"Records":[\#(json),\#(json)]}"#, 2, [.logFile]),
            ("{\"Records\":[\(json)]}\n[\(json)]", 2, [.logFile, .array]),
            (#"{"Events":[{"EventId":"e","CloudTrailEvent":\#(quoted(json))}]}"#, 1, [.lookup]),
            (#"{"Messages":[{"MessageId":"m","Body":\#(quoted(json))}]}"#, 1, [.receive]),
        ] as [(String, Int, Set<MessageFile.Wrapping>)]
    )
    func `every message of a file is found`(text: String, count: Int, wrappings: Set<MessageFile.Wrapping>) {
        let file = MessageFile(text: text)
        #expect(file.messages.count == count)
        #expect(file.messages.allSatisfy { $0.change != nil })
        #expect(file.wrappings == wrappings)
    }

    @Test(arguments: [
        quoted(json), "[\(quoted(json))]", #"{"Body":\#(quoted(json))}"#, #"{"body":\#(quoted(json))}"#,
        #"{"Events":[{"EventId":"e"}]}"#, #"{"Message":{"eventID":"e"}}"#,
    ])
    func `what the worker does not unwrap is no event`(text: String) {
        let file = MessageFile(text: text)
        #expect(file.messages.count == 1)
        #expect(file.messages.allSatisfy { $0.event == nil && $0.unreadable != nil })
    }

    @Test func `a bad line keeps its place`() {
        let found = MessageFile(text: "\(Self.json)\nnonsense\n\(Self.json)").messages
        #expect(found.map { $0.unreadable?.reason } == [nil, .notJSON, nil])
    }

    @Test(arguments: ["nonsense", "{\n1\n", "a\nb\nc"])
    func `a file without any JSON is one bad message`(text: String) {
        #expect(MessageFile(text: text).messages.count == 1)
    }

    @Test(arguments: [("[]", 0), (#"{"Records":[]}"#, 0), (#"{"Events":[]}"#, 0), ("{}", 1), ("[[[[[[[]]]]]]]", 1)])
    func `a file may hold no event`(text: String, count: Int) {
        let found = MessageFile(text: text).messages
        #expect(found.count == count)
        #expect(found.allSatisfy { $0.unreadable != nil })
    }

    private static func quoted(_ text: String) -> String {
        "\"\(text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
    }
}
