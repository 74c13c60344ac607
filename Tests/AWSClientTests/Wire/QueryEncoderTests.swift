import Testing

@testable import AWSClient

@Suite struct QueryEncoderTests {
    @Test func `escapes all but unreserved characters, numbers lists from 1, and leaves out what is not there`() {
        var encoder = QueryEncoder(action: "A", version: "1")
        encoder.add("Text", "a b+c&d=é~")
        encoder.add("Missing", nil)
        encoder.add("Empty", "")
        encoder.add("Id", list: ["x", "y"])
        encoder.add("None", list: [])
        #expect(
            String(decoding: encoder.body, as: UTF8.self)
                == "Action=A&Version=1&Text=a%20b%2Bc%26d%3D%C3%A9~&Empty=&Id.1=x&Id.2=y"
        )
    }

    @Test(arguments: ["", "%", "%4", "a%2", "é%zz/😀 +"])
    func `decodes what it encodes`(text: String) {
        #expect(URIEncoding.decode(URIEncoding.encode(text)) == text)
    }

    @Test(arguments: [
        ("aZ09-._~", "aZ09-._~"), (" +&=/", "%20%2B%26%3D%2F"), ("\u{0}\u{7F}é😀", "%00%7F%C3%A9%F0%9F%98%80"),
    ])
    func `writes every byte but RFC 3986's unreserved ones as two capital digits`(text: String, encoded: String) {
        #expect(URIEncoding.encode(text) == encoded)
        #expect(URIEncoding.encode(text, keepingSlashes: true) == encoded.replacing("%2F", with: "/"))
    }

    @Test(arguments: [
        ("%41%4a%4A", "AJJ"), ("%4", "%4"), ("%%41", "%A"), ("%4g%", "%4g%"), ("%C3", "\u{FFFD}"), ("+", "+"),
    ])
    func `decodes small and capital digits, and leaves what is no escape`(text: String, decoded: String) {
        #expect(URIEncoding.decode(text) == decoded)
    }
}
