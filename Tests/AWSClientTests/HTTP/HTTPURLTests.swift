import Testing

@testable import AWSClient

@Suite struct HTTPURLTests {
    @Test(arguments: [
        ("https://sqs.eu-west-1.amazonaws.com/1/q", "sqs.eu-west-1.amazonaws.com", "/1/q", ""),
        ("HTTP://LocalHost:4566", "localhost:4566", "/", ""),
        ("http://[::1]:80/a?b=c", "[::1]", "/a", "b=c"),
        ("https://host:443?x", "host", "/", "x"),
        ("https://host:80/", "host:80", "/", ""),
    ]
    )
    func `reads scheme, authority, path and query`(text: String, authority: String, path: String, query: String) throws
    {
        let url = try #require(HTTPURL(text))
        #expect(url.authority == authority)
        #expect(url.path == path)
        #expect(url.query == query)
    }

    @Test(arguments: [
        "", "sqs.eu-west-1.amazonaws.com", "ftp://host/", "https://", "https:///path", "https://user@host/",
        "https://user:pw@host/", "https://host:0/", "https://host:65536/", "https://host:x/", "https://host#a",
        "https://ho st/", "https://host\\evil/", "https://host\r\nX: y/", "https://hóst/", "https://-host/",
        "https://a..b/", "https://[::1/", "https://[evil]/",
    ]
    )
    func `takes nothing that could reach another host than it seems`(text: String) {
        #expect(HTTPURL(text) == nil)
    }

    @Test(arguments: [
        ("http://localhost", true), ("http://127.9.9.9:1", true), ("http://[::1]", true),
        ("http://127.0.0.1.example.com", false), ("http://127.example", false), ("http://localhost.evil", false),
        ("http://128.0.0.1", false),
    ]
    )
    func `knows this machine`(text: String, isLoopback: Bool) throws {
        #expect(try #require(HTTPURL(text)).isLoopback == isLoopback)
    }

    @Test func `shows no query, which may hold a secret, but requests it`() throws {
        let url = try #require(HTTPURL("https://Host:8443/a?token=SECRET"))
        #expect("\(url)" == "https://host:8443/a")
        #expect(url.text == "https://host:8443/a?token=SECRET")
    }

    @Test(arguments: [
        ("https://h/", "/token", "", "https://h/token"), ("https://h", "/a/b", "c=d", "https://h/a/b?c=d"),
        ("http://h:81/base/", "/a", "", "http://h:81/base/a"), ("http://h/base?old=1", "/a", "", "http://h/base/a"),
    ])
    func `appends a path to that of an endpoint`(base: String, path: String, query: String, expected: String) throws {
        #expect(try #require(HTTPURL(base)).appending(path: path, query: query).text == expected)
    }

    @Test func `takes labels and names only as long as DNS has them, and URLs only as long as a request line`() {
        let label = String(repeating: "a", count: 63)
        let name = Array(repeating: label, count: 4).joined(separator: ".")
        #expect(HTTPURL("https://\(label).example/") != nil)
        #expect(HTTPURL("https://\(label)a.example/") == nil)
        #expect(HTTPURL("https://\(name.dropFirst(2))/") != nil)
        #expect(HTTPURL("https://\(name)/") == nil)
        #expect(HTTPURL("https://h/" + String(repeating: "a", count: 2038)) != nil)
        #expect(HTTPURL("https://h/" + String(repeating: "a", count: 2039)) == nil)
    }
}
