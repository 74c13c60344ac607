import Testing

@testable import AWSClient

@Suite struct PageBoundsTests {
    @Test func `ends with a page that names no other`() throws {
        var pages = PageBounds()
        try pages.turn(to: "a", items: 1)
        #expect(pages.token == "a")
        try pages.turn(to: "", items: 2)
        #expect(pages.token == nil)
        try pages.turn(to: nil, items: 2)
        #expect(pages.token == nil)
    }

    @Test func `refuses a token that came before, also in a longer circle`() throws {
        var pages = PageBounds()
        try pages.turn(to: "a", items: 1)
        try pages.turn(to: "b", items: 2)
        #expect(throws: PageBounds.Failure.repeatedToken) { try pages.turn(to: "a", items: 3) }
    }

    @Test func `refuses pages without end`() throws {
        var pages = PageBounds()
        for number in 1..<PageBounds.maximumPages { try pages.turn(to: String(number), items: 0) }
        #expect(throws: PageBounds.Failure.tooManyPages) { try pages.turn(to: "last", items: 0) }
    }

    @Test func `refuses more elements than there can be`() throws {
        var pages = PageBounds()
        try pages.turn(to: "a", items: PageBounds.maximumItems)
        #expect(throws: PageBounds.Failure.tooManyItems) {
            try pages.turn(to: "b", items: PageBounds.maximumItems + 1)
        }
    }

    @Test func `says what is wrong with the pages, and what to do`() {
        #expect("\(PageBounds.Failure.repeatedToken)" == "a page names itself or an earlier one as the next")
        #expect("\(PageBounds.Failure.tooManyPages)" == "there are more than 200 pages; ask for fewer things at once")
        #expect(
            "\(PageBounds.Failure.tooManyItems)" == "there are more than 100000 elements; ask for fewer things at once"
        )
    }
}
