import Testing

@testable import AWSClient

@Suite("QueryEncoder")
struct QueryEncoderTests {
    @Test("escapes all but unreserved characters, numbers lists from 1, and leaves out what is not there")
    func encodes() {
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

    @Test("decodes what it encodes", arguments: ["", "%", "%4", "a%2", "é%zz/😀 +"])
    func roundTrip(text: String) {
        #expect(URIEncoding.decode(URIEncoding.encode(text)) == text)
    }
}
