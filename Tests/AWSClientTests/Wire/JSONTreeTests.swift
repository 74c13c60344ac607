import Formats
import Testing

@testable import AWSClient

@Suite struct JSONTreeTests {
    private func parse(_ text: String) throws -> JSONTree {
        try JSONTree.parse(Array(text.utf8))
    }

    @Test func `reads every kind of value`() throws {
        let json = try parse(#" {"a":"x","b":[1,-2.5e+3,true,false,null],"c":{"d":"y"},"e":null,"a\u0062":"z"} "#)
        #expect(json["a"]?.string == "x")
        #expect(json["b"]?.elements?.map(\.number) == ["1", "-2.5e+3", nil, nil, nil])
        #expect(json["b"]?.elements?.map(\.bool) == [nil, nil, true, false, nil])

        #expect(json["c"]?["d"]?.string == "y")
        #expect(json["e"] == nil)
        #expect(json["ab"]?.string == "z")
        #expect(json["f"] == nil)
        #expect(json["a"]?["x"] == nil)
        #expect(json["a"]?.elements == nil)
        #expect(json.members?.map(\.name) == ["a", "b", "c", "e", "ab"])
    }

    @Test(arguments: [
        (#""a\"b\\c\/d""#, "a\"b\\c/d"), (#""\b\f\n\r\t""#, "\u{8}\u{C}\n\r\t"), (#""\u00e9é""#, "éé"),
        (#""\ud83d\ude00""#, "😀"), (#""\ud83d""#, "\u{FFFD}"), (#""\ud83dx""#, "\u{FFFD}x"),
        (#""\ude00\ud83d\u0041""#, "\u{FFFD}\u{FFFD}A"), (#""""#, ""),
    ]
    )
    func `makes text of escapes`(text: String, expected: String) throws {
        #expect(try parse(text).string == expected)
    }

    @Test(arguments: [
        "", " ", "{", "[", "{}x", "[1,]", #"{"a"}"#, #"{"a":}"#, #"{a:1}"#, #"{"a":1,}"#, "tru", "nul", "+1", "01",
        "1.", "1e", "-", #""a"#, #""\x""#, #""\u12g4""#, #""\"#, "\"\n\"", "[1 2]", "{\"a\":1 \"b\":2}",
    ]
    )
    func `refuses what is no JSON`(text: String) {
        #expect(throws: JSONTree.Failure.self) { try parse(text) }
    }

    @Test func `bounds the depth`() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        _ = try parse(nested(JSONScanner.maximumDepth))
        #expect(throws: JSONTree.Failure.tooDeep(limit: JSONScanner.maximumDepth)) {
            try parse(nested(JSONScanner.maximumDepth + 1))
        }
    }

    @Test func `reads back what the writer wrote`() throws {
        let texts = ["", "a\"\\\n\r\t\u{0}\u{7F}", "é😀\u{2028}"]
        let bytes = JSONWriter.object { writer in
            writer.name("list")
            writer.array(texts)
            writer.member("number", -5)
            writer.member("flag", true)
            writer.member("absent", String?.none)
            writer.name("inner")
            writer.object { $0.member("x", "y") }
            writer.name("empty")
            writer.object { _ in }
        }
        let json = try JSONTree.parse(bytes)
        #expect(json["list"]?.elements?.map(\.string) == texts)
        #expect(json["number"]?.number == "-5")
        #expect(json["flag"]?.bool == true)
        #expect(json["inner"]?["x"]?.string == "y")
        #expect(json.members?.map(\.name) == ["list", "number", "flag", "inner", "empty"])
    }
}
