import Testing

@testable import AWSClient

@Suite("XMLTree")
struct XMLTreeTests {
    private func parse(_ text: String, maximumSize: Int = 1000, maximumDepth: Int = 4) throws -> XMLTree {
        try XMLTree.parse(Array(text.utf8), maximumSize: maximumSize, maximumDepth: maximumDepth)
    }

    @Test("reads elements, text, entities and CDATA, and passes over attributes and comments")
    func reads() throws {
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

    @Test(
        "tells a document that is cut off",
        arguments: ["", " ", "<a>", "<a><b></a>", "<a/><b/>", "hello", "<a>\u{0}</a>"]
    )
    func malformed(text: String) {
        #expect(throws: XMLTree.Failure.malformed) { try parse(text) }
    }

    @Test("refuses whatever declares a document type")
    func doctype() {
        let bomb = "<!DOCTYPE a [<!ENTITY x 'y'><!ENTITY z SYSTEM 'file:///etc/passwd'>]><a>&x;&z;</a>"
        #expect(throws: XMLTree.Failure.hasDoctype) { try parse(bomb) }
        #expect(throws: XMLTree.Failure.hasDoctype) { try parse("<!doctype html><html></html>") }
    }

    @Test("bounds size and depth")
    func bounds() throws {
        #expect(try parse("<a><b><c><d/></c></b></a>").name == "a")
        #expect(throws: XMLTree.Failure.tooDeep(limit: 4)) { try parse("<a><b><c><d><e/></d></c></b></a>") }
        #expect(throws: XMLTree.Failure.tooLarge(limit: 3)) { try parse("<a/>", maximumSize: 3) }
    }
}
