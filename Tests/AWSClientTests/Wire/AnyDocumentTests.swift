import Foundation
import TestSupport
import Testing

@testable import AWSClient

/// The documents of AWS, in any spelling. The seeds are fixed.
@Suite struct AnyDocumentTests {
    /// An element, as it is made up.
    private struct Element: Equatable {
        var name: String
        var text = ""
        var children: [Element] = []

        init(_ name: String) { self.name = name }

        init(_ tree: XMLTree) {
            name = tree.name
            text = tree.text
            children = tree.children.map { Element($0) }
        }
    }

    private func escaped(_ text: String, _ random: inout SeededGenerator) -> String {
        if random.chance(20), !text.contains("]]>") { return "<![CDATA[\(text)]]>" }
        return text.unicodeScalars.map { scalar in
            switch scalar {
            case "<": "&lt;"
            case "&": "&amp;"
            case ">" where random.chance(50): "&gt;"
            case "\"" where random.chance(50): "&quot;"
            case _ where random.chance(10):
                random.chance(50) ? "&#\(scalar.value);" : "&#x\(String(scalar.value, radix: 16));"
            default: String(scalar)
            }
        }.joined()
    }

    /// Makes up an element, and writes it in one of many ways.
    private func write(_ random: inout SeededGenerator, depth: Int, to xml: inout String) -> Element {
        var element = Element(random.pick(["item", "groupId", "a", "a-b.c"]))
        let attributes = random.pick(["", " xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"", " a='>' b=\"/\""])
        if random.chance(15) {
            xml += "<\(element.name)\(attributes)/>"
            return element
        }
        xml += "<\(element.name)\(attributes)>"
        for _ in 0..<Int.random(in: 0...3, using: &random) {
            switch Int.random(in: 0..<4, using: &random) {
            case 0 where depth < 5: element.children.append(write(&random, depth: depth + 1, to: &xml))
            case 1: xml += random.pick(["<!-- <a> & -->", "<?x y?>", "<!---->"])
            default:
                let text = random.text("ab <>&\"']é漢🦊", 0...6)
                element.text += text
                xml += escaped(text, &random)
            }
        }
        xml += "</\(element.name)>"
        return element
    }

    @Test func `an XML document is read as what it says, in every spelling`() throws {
        var random = SeededGenerator(seed: 20_261_127)
        for _ in 0..<1000 {
            var xml = random.pick(["", "\u{FEFF}", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", "\n<!-- x -->"])
            let expected = write(&random, depth: 0, to: &xml)
            xml += random.pick(["", "\n", "<!-- x -->\n"])
            do {
                let read = Element(try XMLTree.parse(Array(xml.utf8)))
                if read != expected { Issue.record("\(xml)") }
            } catch {
                Issue.record("\(error): \(xml)")
            }
        }
    }

    private func value(_ tree: JSONTree) -> NSObject {
        if let text = tree.string { return text as NSString }
        if let digits = tree.number { return NSNumber(value: Double(digits) ?? .nan) }
        if let elements = tree.elements { return elements.map(value) as NSArray }
        if let members = tree.members {
            return Dictionary(members.map { ($0.name, value($0.value)) }) { first, _ in first } as NSDictionary
        }
        return NSNull()
    }

    @Test func `a JSON document is read as Foundation reads it, or by both not at all`() throws {
        var random = SeededGenerator(seed: 5)
        let start = #"{"Messages":[{"Body":"a\"\u00e9\\\n","number7":-15.37,"e":[]},{"o":{"k":"v"}}],"total":"x"}"#
        var taken = 0
        for _ in 0..<5000 {
            var bytes = Array(start.utf8)
            for _ in 0..<Int.random(in: 0...2, using: &random) {
                let index = Int.random(in: bytes.indices, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[index] = random.pick(Array("{}[]\",:\\aelnstru019.+- ".utf8))
                case 1: bytes.remove(at: index)
                default: bytes.insert(bytes[Int.random(in: bytes.indices, using: &random)], at: index)
                }
            }
            let text = String(decoding: bytes, as: UTF8.self)
            // Foundation also takes true and false, of which no value here is made.
            guard let tree = try? JSONTree.parse(bytes) else { continue }
            taken += 1
            guard let other = try? JSONSerialization.jsonObject(with: Data(bytes)) as? NSObject else {
                Issue.record("Foundation does not take \(text)")
                continue
            }
            if !value(tree).isEqual(other) { Issue.record("\(text)") }
        }
        #expect(taken > 500)
    }
}
