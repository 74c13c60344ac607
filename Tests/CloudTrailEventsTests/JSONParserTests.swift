import Testing

@testable import CloudTrailEvents

@Suite struct JSONParserTests {
    @Test func `values are read as RFC 8259 has them`() throws {
        let value = try JSONParser.parse(#" {"a" : [ 1 , -0.5e+3, true,false , null, "x" ], "b":{ } } "#)
        #expect(
            value
                == .object([
                    "a": .array([.number("1"), .number("-0.5e+3"), .bool(true), .bool(false), .null, .string("x")]),
                    "b": .object([:]),
                ])
        )
    }

    @Test(arguments: [
        (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"),
        (#""\u00e9\u20AC\ud83d\ude00 é€😀""#, "é€😀 é€😀"),
        (#""\u0000""#, "\u{0}"),
        (#""\ud800""#, "\u{FFFD}"),
        (#""\ud800x""#, "\u{FFFD}x"),
        (#""\ud800\n""#, "\u{FFFD}\n"),
        (#""\ud800\u0041""#, "\u{FFFD}A"),
        (#""\ud800\ud83d\ude00""#, "\u{FFFD}😀"),
        (#""\ude00""#, "\u{FFFD}"),
        (#""""#, ""),
    ])
    func `strings keep their text, and lone surrogates are replaced`(json: String, text: String) throws {
        #expect(try JSONParser.parse(json) == .string(text))
    }

    @Test(arguments: [
        "[1,]", "[,1]", "[1 2]", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, "{a:1}", "tru", "nulL", "+1", "1.", ".5", "1e",
        "-", "01",
        "0x1", "NaN", #""a"#, "\"\n\"", #""\x""#, #""\u12""#, #""\u12g4""#, #""\ud800\u""#, "]", "[", "1 1",
        "\u{FEFF}1",
    ])
    func `what RFC 8259 does not allow is refused`(json: String) {
        #expect(throws: JSONSyntaxError.self) { try JSONParser.parse(json) }
    }

    @Test func `an error says where`() {
        #expect(throws: JSONSyntaxError(offset: 6)) { try JSONParser.parse(#"{"a": x}"#) }
    }

    @Test func `of members with the same name the last counts`() throws {
        #expect(try JSONParser.parse(#"{"a":1,"a":2}"#)["a"] == .number("2"))
    }

    @Test func `nesting is bounded`() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        _ = try JSONParser.parse(nested(JSONParser.maximumDepth))
        #expect(throws: JSONSyntaxError.self) { try JSONParser.parse(nested(JSONParser.maximumDepth + 1)) }
        #expect(throws: JSONSyntaxError.self) { try JSONParser.parse(String(repeating: "[", count: 1_000_000)) }
    }

    @Test func `a megabyte is no trouble`() throws {
        let text = String(repeating: "x", count: 1 << 20)
        #expect(try JSONParser.parse("\"\(text)\"") == .string(text))
    }

    @Test(
        arguments: [
            ("22", 22), (#""22""#, 22), ("-1", -1), ("22.0", 22), ("2.2e1", 22), ("22.5", nil), ("1e999", nil),
            (#""""#, nil),
            (#""x""#, nil), ("true", nil), ("null", nil), ("99999999999999999999", nil), ("0", 0),
        ] as [(String, Int?)]
    )
    func `whole numbers may be strings`(json: String, integer: Int?) throws {
        #expect(try JSONParser.parse(json).integer == integer)
    }
}
