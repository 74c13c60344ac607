import Formats
import Foundation
import TestSupport
import Testing

@testable import Ledger

/// The JSON of the trail: read as it was written, and never trusted, since anybody may have edited the file.
@Suite struct AnyJSONTests {
    private func value(_ depth: Int, _ random: inout SeededGenerator) -> JSON {
        switch Int.random(in: 0..<(depth > 3 ? 4 : 6), using: &random) {
        case 0: return .null
        case 1: return .boolean(random.chance(50))
        case 2: return .integer(Int64.random(in: .min ... .max, using: &random))
        case 3: return .string(random.text("ab\"\\/\n\t\u{0}\u{1F}\u{7F}é\u{202E}漢🦊", 0...8))
        case 4: return .array((0..<Int.random(in: 0...3, using: &random)).map { _ in value(depth + 1, &random) })
        default:
            let members = (0..<Int.random(in: 0...3, using: &random)).map { number in
                ("\(number)\(random.text("a\"é\n", 0...3))", value(depth + 1, &random))
            }
            return .object(Dictionary(members) { first, _ in first })
        }
    }

    @Test func `a value is read as it was written, and its text is safe to show`() throws {
        var random = SeededGenerator(seed: 20_261_127)
        for _ in 0..<1000 {
            let value = value(0, &random)
            if try JSON.parse(value.text) != value { Issue.record("\(value.text)") }
            if value.text.unicodeScalars.contains(where: \.isUnsafeToShow) { Issue.record("\(value.text)") }
        }
    }

    @Test func `one value has one text, in whatever order its members came`() throws {
        let one = try JSON.parse(#"{"b":1,"a":{"d":[],"c":null}}"#)
        let other = try JSON.parse(#" { "a" : { "c" : null , "d" : [ ] } , "b" : 1 } "#)
        #expect(one.text == other.text && one.text == #"{"a":{"c":null,"d":[]},"b":1}"#)
    }

    @Test func `no text ends the reader, and what it takes Foundation takes too`() throws {
        var random = SeededGenerator(seed: 5)
        let seedText = #"{"a":[1,-20,"x\u00e9\n"],"b":{"c":null,"d":true},"e":false}"#
        var taken = 0
        for _ in 0..<3000 {
            var bytes = Array(seedText.utf8)
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let index = Int.random(in: bytes.indices, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[index] = UInt8.random(in: 0x20...0x7E, using: &random)
                case 1: bytes.remove(at: index)
                default: bytes.insert(bytes[Int.random(in: bytes.indices, using: &random)], at: index)
                }
            }
            let text = String(decoding: bytes, as: UTF8.self)
            guard (try? JSON.parse(text)) != nil else { continue }
            taken += 1
            let other = try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
            if other == nil { Issue.record("\(text)") }
        }
        #expect(taken > 100)
    }

    @Test(arguments: [31, 32, 33])
    func `lists in lists are read to a depth of 32`(depth: Int) {
        let text = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        #expect(((try? JSON.parse(text)) != nil) == (depth <= 32))
    }

    @Test func `a value of another kind has no text, number, truth, elements or members`() {
        let list = JSON.array([.string("a"), .integer(1), .string("b")])
        #expect(list.string == nil && list.integer == nil && list.boolean == nil && list.members.isEmpty)
        #expect(JSON.string("x").elements.isEmpty && JSON.string("x")["a"] == nil)
        #expect(JSON.boolean(false).boolean == false && JSON.integer(0).integer == 0)
        #expect(AuditValue(list) == .text("a b"), "a list is its texts, divided by spaces")
        #expect(AuditValue(JSON.object([:])) == .null && AuditValue(nil as JSON?) == .null)
    }
}
