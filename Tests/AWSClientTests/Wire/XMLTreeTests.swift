import Testing

@testable import AWSClient

@Suite struct XMLTreeTests {
    private func parse(_ text: String, maximumSize: Int = 1000, maximumDepth: Int = 4) throws -> XMLTree {
        try XMLTree.parse(Array(text.utf8), maximumSize: maximumSize, maximumDepth: maximumDepth)
    }

    @Test func `reads elements, text, entities and CDATA, and passes over attributes and comments`() throws {
        let root = try parse(
            "<a xmlns='urn:x'><b x='1'> 1 &lt; 2<!-- -->&#233; </b><c><item/><item>z</item></c><d><![CDATA[<&>]]></d></a>"
        )
        #expect(root.name == "a")
        #expect(root.text("b") == "1 < 2é")
        #expect(root["b"]?.text == " 1 < 2é ")
        #expect(root.list("c").map(\.text) == ["", "z"])
        #expect(root.text("d") == "<&>")
        #expect(root["e"] == nil)
        #expect(root.list("e").isEmpty)
    }

    @Test(arguments: ["", " ", "<a>", "<a><b></a>", "<a/><b/>", "hello", "<a>\u{0}</a>"]
    )
    func `tells a document that is cut off`(text: String) {
        #expect(throws: XMLTree.Failure.malformed) { try parse(text) }
    }

    @Test func `refuses whatever declares a document type`() {
        let bomb = "<!DOCTYPE a [<!ENTITY x 'y'><!ENTITY z SYSTEM 'file:///etc/passwd'>]><a>&x;&z;</a>"
        #expect(throws: XMLTree.Failure.hasDoctype) { try parse(bomb) }
        #expect(throws: XMLTree.Failure.hasDoctype) { try parse("<!doctype html><html></html>") }
    }

    @Test func `bounds size and depth`() throws {
        #expect(try parse("<a><b><c><d/></c></b></a>").name == "a")
        #expect(throws: XMLTree.Failure.tooDeep(limit: 4)) { try parse("<a><b><c><d><e/></d></c></b></a>") }
        #expect(throws: XMLTree.Failure.tooLarge(limit: 3)) { try parse("<a/>", maximumSize: 3) }
    }

    @Test(arguments: [
        (XMLTree.Failure.malformed, "cut off or malformed"), (.hasDoctype, "as only web pages do"),
        (.tooLarge(limit: 3), "larger than 3 bytes"), (.tooDeep(limit: 4), "deeper than 4 elements"),
        (.tooManyElements(limit: 5), "more than 5 elements"),
    ])
    func `says why a document is refused`(failure: XMLTree.Failure, text: String) {
        #expect(failure.description.contains(text))
    }

    @Test(arguments: [
        ("lt", "<"), ("gt", ">"), ("amp", "&"), ("quot", "\""), ("apos", "'"), ("#9", "\t"), ("#x1F600", "😀"),
        ("#1114111", "\u{10FFFF}"), ("#1114112", nil), ("#x", nil), ("#-65", nil), ("#x1F", nil), ("#xDFFF", nil),
        ("LT", nil), ("", nil),
    ])
    func `knows the five entities and characters by number`(name: String, scalar: Unicode.Scalar?) {
        #expect(XMLEntity.scalar(of: Array(name.utf8)[...]) == scalar)
    }
}
