import Foundation
import Testing

@testable import AWSClient

@Suite struct XMLDocumentTests {
    private func parse(_ text: String) throws -> XMLTree {
        try XMLTree.parse(Array(text.utf8))
    }

    @Test func `keeps the text of an element apart from that of its children`() throws {
        let root = try parse("<a>1<b>x</b>2<c/>3<!-- no --><?no?>4<d><e>y</e></d></a>")
        #expect(root.text == "1234")
        #expect(root.children.map(\.name) == ["b", "c", "d"])
        #expect(root["d"]?["e"]?.text == "y")
        #expect(root["e"] == nil)
    }

    @Test(arguments: [
        ("&lt;&gt;&amp;&quot;&apos;", "<>&\"'"), ("&#65;&#x42;&#128512;", "AB😀"), ("&amp;lt;", "&lt;"),
        ("a\r\nb\rc", "a\nb\nc"), ("<![CDATA[]]>", ""), ("<![CDATA[a]]]]><![CDATA[>b]]>", "a]]>b"),
    ]
    )
    func `makes characters of entities and numbers`(content: String, expected: String) throws {
        #expect(try parse("<a>\(content)</a>").text == expected)
    }

    @Test(arguments: [
        "<a>&nbsp;</a>", "<a>&lt</a>", "<a>&</a>", "<a>&#0;</a>", "<a>&#xD800;</a>", "<a>&#xZ;</a>", "<a b></a>",
        "<a b=c></a>", "<a b='c></a>", "<a", "<a><", "<a></b>", "</a>", "<a></a", "<>x</>", "<a/>x", "<a><!--</a>",
        "<a><![CDATA[</a>", "<a/", "<a /b>", "<![CDATA[x]]>", "<a><!ENTITY></a>", "<!-->", "<a>]]&gt</a>",
    ]
    )
    func `refuses what is not well-formed`(text: String) {
        #expect(throws: XMLTree.Failure.malformed) { try parse(text) }
    }

    @Test func `takes a byte order mark, a declaration and comments around the root`() throws {
        #expect(try parse("\u{FEFF}<?xml version=\"1.0\"?>\n<!-- a -->\n<a>x</a>\n<!-- b -->\n").text == "x")
        #expect(throws: XMLTree.Failure.hasDoctype) { try parse("<?xml version='1.0'?><!DocType a><a/>") }
    }

    @Test func `bounds the number of elements`() {
        let count = XMLScanner.maximumElements
        let text = "<a>" + String(repeating: "<b/>", count: count) + "</a>"
        #expect(throws: XMLTree.Failure.tooManyElements(limit: count)) { try parse(text) }
    }

    @Test func `reads every cut and every changed byte of an answer without a trap`() throws {
        let whole = Array(
            "<R x='1'><requestId>r</requestId><set><item><id>a&amp;b</id><!--c--><t><![CDATA[<]]></t></item></set></R>"
                .utf8
        )
        for index in whole.indices {
            _ = try? XMLTree.parse(Array(whole[..<index]))
            for byte in "<>&;'/! \0\u{80}".utf8 {
                var changed = whole
                changed[index] = byte
                if let root = try? XMLTree.parse(changed) {
                    _ = root.list("set").map { ($0.text, $0.children.map(\.text)) }
                }
            }
        }
        #expect(try XMLTree.parse(whole).list("set").first?.text("id") == "a&b")
    }
}
