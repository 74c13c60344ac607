import Testing

@testable import AWSClient

@Suite struct HTTPResponseLineTests {
    private func line(_ text: String) -> HTTPResponseLine {
        Array(text.utf8).withUnsafeBytes { HTTPResponseLine($0) }
    }

    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\n", HTTPResponseLine.status(200)), ("HTTP/1.1 503", .status(503)),
        ("HTTP/2  204 \r\n", .status(204)), ("HTTP/1.1\r\n", .status(0)), ("HTTP/1.1 abc\r\n", .status(0)),
        ("X-Amzn-RequestId: a:b \r\n", .field("X-Amzn-RequestId", "a:b")), ("Empty:\r\n", .field("Empty", "")),
        ("Date:\tSun, 06 Nov 1994 08:49:37 GMT\r\n", .field("Date", "Sun, 06 Nov 1994 08:49:37 GMT")),
        ("\r\n", .other), ("", .other), ("no header\r\n", .other),
    ]
    )
    func `reads a line of an answer's head`(text: String, expected: HTTPResponseLine) {
        #expect(line(text) == expected)
    }

    @Test func `finds headers by name without regard to case, and no others`() {
        var headers: HTTPHeaders = ["Content-Type": "a", "X-Amz-Date": "b"]
        #expect(headers["content-TYPE"] == "a")
        // These differ in one bit from a letter or a sign, as its other case would.
        for name in ["content\rtype", "Content-Typ%", "Content-Typ", "X-Amz\u{D}Date"] { #expect(headers[name] == nil) }
        headers["x-amz-date"] = "c"
        #expect(headers.fields.map(\.value) == ["a", "c"])
        headers["CONTENT-TYPE"] = nil
        #expect(headers.fields.map(\.name) == ["x-amz-date"])
    }

    @Test func `keeps lines of one name apart until the name is set`() {
        var headers: HTTPHeaders = ["A": "1"]
        headers.add("a", "2")
        #expect(headers.fields.map(\.value) == ["1", "2"])
        #expect(headers["A"] == "1")
        headers["A"] = "3"
        #expect(headers.fields == HTTPHeaders(dictionaryLiteral: ("A", "3")).fields)
        headers["missing"] = nil
        #expect(headers.fields.count == 1)
    }

    @Test(arguments: [
        ("X-A", "b c", true), ("X-A", "tab\there", true), ("X-A", "é", true), ("X-A", "a\nb", false),
        ("X-A", "\u{7F}", false), ("X-A", "\u{0}", false), ("X\r\nY", "b", false), ("", "", true),
    ])
    func `knows what would break a request apart`(name: String, value: String, isSendable: Bool) {
        #expect(HTTPHeaders.Field(name: name, value: value).isSendable == isSendable)
    }
}
