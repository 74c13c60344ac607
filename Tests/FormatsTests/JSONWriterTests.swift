import Formats
import Foundation
import TestSupport
import Testing

@Suite struct JSONWriterTests {
    private func text(_ body: (inout JSONWriter) -> Void) -> String {
        var json = JSONWriter()
        body(&json)
        return json.text
    }

    @Test func `an object has commas between its members and nowhere else`() {
        #expect(text { $0.object { _ in } } == "{}")
        #expect(text { $0.array { _ in } } == "[]")
        let all = text { json in
            json.object { json in
                json.name("a")
                json.integer(-1)
                json.name("b")
                json.array(["x", "y"])
                json.name("c")
                json.object { json in
                    json.name("d")
                    json.null()
                }
                json.name("e")
                json.array { json in
                    json.boolean(true)
                    json.object { _ in }
                    json.array { _ in }
                    json.boolean(false)
                }
                json.name("f")
                json.string("")
            }
        }
        #expect(all == #"{"a":-1,"b":["x","y"],"c":{"d":null},"e":[true,{},[],false],"f":""}"#)
    }

    @Test func `text that is JSON already stands as it is, and counts as one value`() {
        let nested = text { json in
            json.array { json in
                json.json(#"{"a" : 1.50}"#.utf8)
                json.json("2".utf8)
            }
        }
        #expect(nested == #"[{"a" : 1.50},2]"#)
    }

    @Test(arguments: [Int64.min, -1, 0, 1, .max])
    func `a number has all of its digits`(number: Int64) {
        #expect(text { $0.integer(number) } == "\(number)")
    }

    @Test(arguments: [
        (JSONText.Escaping.minimal, "\"é\u{202E}\\u0001\""), (.unsafe, #""é\u202e\u0001""#),
        (.nonASCII, #""\u00e9\u202e\u0001""#),
    ])
    func `names and strings are escaped as the writer was told`(_ escaping: JSONText.Escaping, quoted: String) {
        var json = JSONWriter(escaping: escaping)
        json.object { json in
            json.name("é\u{202E}\u{1}")
            json.string("é\u{202E}\u{1}")
        }
        #expect(json.text == "{\(quoted):\(quoted)}")
    }

    /// A made-up value, written twice: as JSON, and as what a reader must find.
    private func write(_ json: inout JSONWriter, depth: Int, _ random: inout SeededGenerator) -> NSObject {
        switch Int.random(in: 0..<(depth > 3 ? 4 : 6), using: &random) {
        case 0:
            json.null()
            return NSNull()
        case 1:
            let number = Int32.random(in: .min ... .max, using: &random)
            json.integer(number)
            return number as NSNumber
        case 2, 3:
            let text = random.text("aé\"\\\n\u{0}\u{202E}🦊 ", 0...6)
            json.string(text)
            return text as NSString
        case 4:
            var elements: [NSObject] = []
            json.array { json in
                for _ in 0..<Int.random(in: 0...3, using: &random) {
                    elements.append(write(&json, depth: depth + 1, &random))
                }
            }
            return elements as NSArray
        default:
            var members: [String: NSObject] = [:]
            json.object { json in
                for number in 0..<Int.random(in: 0...3, using: &random) {
                    let name = "\(number)" + random.text("a\"\u{1B}é", 0...3)
                    json.name(name)
                    members[name] = write(&json, depth: depth + 1, &random)
                }
            }
            return members as NSDictionary
        }
    }

    @Test func `what is written is what Foundation reads`() throws {
        var random = SeededGenerator(seed: 20_261_127)
        for _ in 0..<500 {
            var json = JSONWriter(escaping: random.pick([.minimal, .unsafe, .nonASCII]))
            let expected = write(&json, depth: 0, &random)
            let read = try JSONSerialization.jsonObject(with: Data(json.bytes), options: .fragmentsAllowed)
            if !expected.isEqual(read) { Issue.record("\(json.text)") }
        }
    }
}
