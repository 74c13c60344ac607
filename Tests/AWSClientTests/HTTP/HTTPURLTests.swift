import AWSClient
import Testing

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
}
