import Foundation
import TestSupport
import Testing

@testable import Telemetry

/// Reading a request of the status endpoint, from bytes that anybody may send.
@Suite struct StatusRequestTests {
    private func read(_ text: String) -> StatusRequest.Reading { StatusRequest.read(Array(text.utf8)) }

    @Test(arguments: [
        ("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n", "GET", "/livez"),
        ("GET /livez HTTP/1.0\n\n", "GET", "/livez"),
        ("HEAD / HTTP/1.1\r\n\r\n", "HEAD", "/"),
        ("GET /metrics?name[]=up&x HTTP/1.1\r\n\r\n", "GET", "/metrics"),
        ("GET /a??b HTTP/1.1\r\n\r\n", "GET", "/a"),
        ("get /livez HTTP/1.1\r\n\r\n", "get", "/livez"),
        ("GET //livez/../x HTTP/1.1\r\n\r\n", "GET", "//livez/../x"),
        ("GET /livez HTTP/1.1\r\n\r\nGET /other HTTP/1.1\r\n\r\n", "GET", "/livez"),
        ("GET /livez HTTP/1.1\r\nX: \u{1}\u{1B}é\r\n\r\n", "GET", "/livez"),
    ])
    func `the first line says what is asked for, and the rest does not matter`(
        _ text: String,
        method: String,
        path: String
    ) {
        #expect(read(text) == .complete(StatusRequest(method: method, path: path)))
    }

    @Test(arguments: [
        "\r\n\r\n", "GET\r\n\r\n", "GET /livez\r\n\r\n", "GET  /livez HTTP/1.1\r\n\r\n",
        "GET /livez HTTP/1.1 x\r\n\r\n", "GET livez HTTP/1.1\r\n\r\n", "GET http://x/livez HTTP/1.1\r\n\r\n",
        "GET /livez HTTP/2\r\n\r\n", "GET /livez http/1.1\r\n\r\n", " /livez HTTP/1.1\r\n\r\n",
        "GET /l\u{0}ivez HTTP/1.1\r\n\r\n", "GET /é HTTP/1.1\r\n\r\n", "GET\t/livez\tHTTP/1.1\r\n\r\n",
        "\u{1B}[2J\r\n\r\n", "\u{16}\u{3}\u{1}\n\n",
    ])
    func `anything else is malformed`(_ text: String) {
        #expect(read(text) == .malformed)
    }

    @Test func `every beginning of a request is incomplete, and only the whole is complete`() {
        let whole = Array("GET /readyz HTTP/1.1\r\nHost: localhost:9090\r\nAccept: */*\r\n\r\n".utf8)
        for count in whole.indices {
            #expect(StatusRequest.read(Array(whole.prefix(count))) == .incomplete, "\(count) bytes")
        }
        #expect(StatusRequest.read(whole) == .complete(StatusRequest(method: "GET", path: "/readyz")))
    }

    @Test func `a header of the largest size is read, and one byte more is too large`() {
        let beginning = "GET /livez HTTP/1.1\r\nX: "
        func request(_ size: Int) -> [UInt8] {
            let filling = String(repeating: "a", count: size - beginning.utf8.count - 4)
            return Array("\(beginning)\(filling)\r\n\r\n".utf8)
        }
        #expect(request(StatusRequest.limit).count == StatusRequest.limit)
        let largest = StatusRequest.read(request(StatusRequest.limit))
        #expect(largest == .complete(StatusRequest(method: "GET", path: "/livez")))
        #expect(StatusRequest.read(request(StatusRequest.limit + 1)) == .tooLarge)
        let endless = [UInt8](repeating: UInt8(ascii: "a"), count: StatusRequest.limit)
        #expect(StatusRequest.read(Array(endless.dropLast())) == .incomplete)
        #expect(StatusRequest.read(endless) == .tooLarge)
    }

    @Test func `no bytes get a path with a query, a space or a control character`() {
        var random = SeededGenerator(seed: 1)
        var complete = 0
        for _ in 0..<3000 {
            var bytes = Array("GET /metrics?a=b HTTP/1.1\r\nHost: x\r\n\r\n".utf8)
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            guard case .complete(let request) = StatusRequest.read(bytes) else { continue }
            complete += 1
            let isPlain = request.path.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "?") }
            if !isPlain || !request.path.hasPrefix("/") || request.method.isEmpty { Issue.record("\(bytes)") }
        }
        #expect(complete > 500)
    }
}

/// The bytes of a response, and the choice of a route.
@Suite struct StatusRoutesTests {
    private let routes = StatusRoutes([
        "/readyz": { StatusAnswer(503, "nö\n") }, "/livez": { StatusAnswer(200, contentType: "text/x", "alive\n") },
    ])

    private func answer(_ method: String, _ path: String) throws -> (head: [String], body: String) {
        let bytes = try #require(routes.answer(to: .complete(StatusRequest(method: method, path: path))))
        let text = String(decoding: bytes, as: UTF8.self)
        let end = try #require(text.range(of: "\r\n\r\n"))
        return (text[..<end.lowerBound].split(separator: "\r\n").map(String.init), String(text[end.upperBound...]))
    }

    @Test func `a response says its length in bytes, is not kept, and ends the connection`() throws {
        let (head, body) = try answer("GET", "/readyz")
        #expect(head.first == "HTTP/1.1 503 Service Unavailable")
        #expect(body == "nö\n" && head.contains("Content-Length: 4"))
        for line in ["Connection: close", "Cache-Control: no-store", "X-Content-Type-Options: nosniff"] {
            #expect(head.contains(line))
        }
        #expect(try answer("GET", "/livez").head.contains("Content-Type: text/x"))
    }

    @Test(arguments: ["/livez", "/readyz", "/nowhere"])
    func `the answer to HEAD is the head of the answer to GET`(path: String) throws {
        let (get, head) = (try answer("GET", path), try answer("HEAD", path))
        #expect(head.head == get.head && head.body.isEmpty && !get.body.isEmpty)
    }

    @Test(arguments: ["/", "/livez/", "/LIVEZ", "/metrics", "/%6Civez"])
    func `another path is not found, and the answer names those that are`(path: String) throws {
        let (head, body) = try answer("GET", path)
        #expect(head.first == "HTTP/1.1 404 Not Found" && body == "try /livez, /readyz\n")
    }

    @Test(arguments: ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "get", "X"])
    func `another method is refused on every path, and the answer names those that are allowed`(
        method: String
    ) throws {
        for path in ["/livez", "/nowhere"] {
            let (head, _) = try answer(method, path)
            #expect(head.first == "HTTP/1.1 405 Method Not Allowed" && head.contains("Allow: GET, HEAD"))
        }
    }

    @Test func `a request that cannot be read gets an answer, and half a request gets none yet`() throws {
        func status(_ reading: StatusRequest.Reading) -> String? {
            routes.answer(to: reading).map { String(decoding: $0.prefix(12), as: UTF8.self) }
        }
        #expect(status(.malformed) == "HTTP/1.1 400")
        #expect(status(.tooLarge) == "HTTP/1.1 431")
        #expect(status(.incomplete) == nil)
    }

    @Test func `a route is asked anew for each request`() throws {
        let numbers = SeriesOfNumbers()
        let routes = StatusRoutes(["/n": { StatusAnswer(200, "\(numbers.next())") }])
        let request = StatusRequest.Reading.complete(StatusRequest(method: "GET", path: "/n"))
        let bodies = try (0..<3).map { _ in try #require(routes.answer(to: request)?.last) }
        #expect(bodies == Array("123".utf8))
    }
}
