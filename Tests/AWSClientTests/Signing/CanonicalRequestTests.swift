import Testing

@testable import AWSClient

@Suite struct CanonicalRequestTests {
    private func lines(
        path: String = "/",
        query: String = "",
        headers: HTTPHeaders = [:],
        host: String? = nil,
        normalizesPath: Bool = true
    ) -> [String] {
        let request = CanonicalRequest(
            method: "POST",
            path: path,
            query: query,
            headers: headers.fields,
            host: host,
            payloadHash: "hash",
            normalizesPath: normalizesPath
        )
        let lines = String(decoding: request.bytes, as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        #expect(lines[lines.count - 2] == request.signedHeaders)
        return lines
    }

    @Test func `has a line for each part, with the headers sorted by their names`() {
        let headers: HTTPHeaders = ["X-Amz-Foo-Bar": "2", "Content-Type": "a", "X-Amz-Foo": "1"]
        #expect(
            lines(headers: headers, host: "h") == [
                "POST", "/", "", "content-type:a", "host:h", "x-amz-foo:1", "x-amz-foo-bar:2", "",
                "content-type;host;x-amz-foo;x-amz-foo-bar", "hash",
            ]
        )
    }

    @Test func `joins the values of one name in their order, and folds white space`() {
        let headers: HTTPHeaders = ["B": "  x \t y\r\n z ", "a": "2", "A": "1", "C": ""]
        #expect(lines(headers: headers) == ["POST", "/", "", "a:2,1", "b:x y z", "c:", "", "a;b;c", "hash"])
    }

    @Test(arguments: ["Authorization", "Connection", "Expect", "Transfer-Encoding", "USER-AGENT", "X-Amzn-Trace-Id"])
    func `leaves out a header that may change on the way`(name: String) {
        #expect(lines(headers: [name: "x", "B": "y"]) == ["POST", "/", "", "b:y", "", "b", "hash"])
    }

    @Test(arguments: [
        ("/", "/", "/"), ("/a/./b/../c", "/a/c", "/a/./b/../c"), ("//a//b/", "/a/b/", "//a//b/"), ("/..", "/", "/.."),
        ("/a b/é", "/a%20b/%C3%A9", "/a%20b/%C3%A9"), ("/a%20b", "/a%2520b", "/a%2520b"), ("/./", "/", "/./"),
    ])
    func `encodes a path once more, without dot segments where they do not count`(
        path: String,
        folded: String,
        kept: String
    ) {
        #expect(lines(path: path)[1] == folded)
        #expect(lines(path: path, normalizesPath: false)[1] == kept)
    }

    @Test(arguments: [
        ("", ""), ("b=2&a=1", "a=1&b=2"), ("a=2&a=10", "a=10&a=2"), ("a", "a="), ("a=b=c", "a=b%3Dc"), ("&a=1&", "a=1"),
        ("a-b=1&a=2", "a=2&a-b=1"), ("%E1%88%B4=x", "%E1%88%B4=x"), ("a=%7e%2F+", "a=~%2F%2B"), ("A=1&a=1", "A=1&a=1"),
    ])
    func `sorts a query by its encoded names and values`(query: String, canonical: String) {
        #expect(lines(query: query)[2] == canonical)
    }
}
