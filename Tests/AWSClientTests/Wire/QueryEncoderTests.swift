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
}
