import AWSClient
import Foundation
import Synchronization
import Testing

@Suite struct CurlTransportTests {
    private let transport: CurlTransport

    init() throws {
        transport = try CurlTransport(maximumResponseSize: 1000)
    }

    private func request(
        _ server: LoopbackServer,
        method: String = "POST",
        path: String = "/",
        headers: HTTPHeaders = [:],
        body: String = ""
    ) throws -> HTTPRequest {
        let url = try #require(HTTPURL("http://127.0.0.1:\(server.port)\(path)"))
        return HTTPRequest(method: method, url: url, headers: headers, body: Array(body.utf8))
    }

    @Test func `sends exactly the headers it is given, beside Host and Content-Length`() async throws {
        let seen = Mutex<LoopbackServer.Received?>(nil)
        let server = try LoopbackServer { request in
            seen.withLock { $0 = request }
            return LoopbackServer.response("fine", headers: "X-Answer:  yes \r\nX-Answer: again\r\n")
        }
        defer { server.stop() }
        let response = try await transport.send(
            request(server, path: "/a/../b?c=d", headers: ["X-Empty": "", "X-One": "1"], body: "hello"),
            timeout: .seconds(30)
        )
        #expect(response.status == 200)
        #expect(String(decoding: response.body, as: UTF8.self) == "fine")
        #expect(response.headers["x-ANSWER"] == "yes")
        let last = seen.withLock { $0 }
        let received = try #require(last)
        #expect(received.requestLine == "POST /a/../b?c=d HTTP/1.1")
        #expect(received.body == Array("hello".utf8))
        #expect(received.headers["X-Empty"] == "")
        let names = Set(received.headers.fields.map { $0.name.lowercased() })
        #expect(names.subtracting(["content-type"]) == ["host", "content-length", "x-empty", "x-one"])
    }

    @Test(arguments: [("POST", ""), ("POST", "x"), ("PUT", "y"), ("GET", "")])
    func `carries a body of every method`(method: String, body: String) async throws {
        let server = try LoopbackServer { request in
            LoopbackServer.response("\(request.requestLine.prefix(4)) \(request.body.count)")
        }
        defer { server.stop() }
        let response = try await transport.send(request(server, method: method, body: body), timeout: .seconds(30))
        #expect(String(decoding: response.body, as: UTF8.self) == "\((method + " ").prefix(4)) \(body.utf8.count)")
    }

    @Test func `uses one connection for calls that follow one another`() async throws {
        let server = try LoopbackServer { LoopbackServer.response("\($0.connection)") }
        defer { server.stop() }
        for _ in 0..<3 {
            let response = try await transport.send(request(server), timeout: .seconds(30))
            #expect(response.body == Array("1".utf8))
        }
    }

    @Test func `goes over to a new connection where a kept one has died`() async throws {
        let server = try LoopbackServer {
            .bytesThenClose("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n\($0.connection)")
        }
        defer { server.stop() }
        for number in 1...3 {
            let response = try await transport.send(request(server), timeout: .seconds(30))
            #expect(response.body == Array("\(number)".utf8))
        }
    }

    @Test func `says how often a request was sent, where a kept connection breaks after the request`() async throws {
        let count = Mutex(0)
        let server = try LoopbackServer { _ in
            let number = count.withLock { count in
                count += 1
                return count
            }
            return number == 2 ? .close : LoopbackServer.response("fine")
        }
        defer { server.stop() }
        #expect(try await transport.send(request(server), timeout: .seconds(30)).sends == 1)
        #expect(try await transport.send(request(server, body: "x"), timeout: .seconds(30)).sends == 2)
        #expect(try await transport.send(request(server, body: "x"), timeout: .seconds(30)).sends == 1)
        #expect(count.withLock(\.self) == 4)
    }

    @Test func `runs many transfers at once`() async throws {
        // Nobody is answered before all have come: one transfer after the other would time out.
        let arrived = Mutex(0)
        let gate = DispatchSemaphore(value: 0)
        let server = try LoopbackServer { _ in
            let isLast = arrived.withLock { count in
                count += 1
                return count == 8
            }
            if isLast { for _ in 0..<7 { gate.signal() } } else { gate.wait() }
            return LoopbackServer.response("done")
        }
        defer { server.stop() }
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask { try await transport.send(request(server), timeout: .seconds(30)).status }
            }
            for try await status in group { #expect(status == 200) }
        }
    }

    @Test func `gives up a peer that says nothing, and goes on afterwards over another connection`() async throws {
        let server = try LoopbackServer { request in
            request.connection == 1 ? .silence : LoopbackServer.response("\(request.connection)")
        }
        defer { server.stop() }
        await #expect(throws: HTTPTransportError.timedOut(host: "127.0.0.1", after: .milliseconds(50))) {
            try await transport.send(request(server), timeout: .milliseconds(50))
        }
        let response = try await transport.send(request(server), timeout: .seconds(30))
        #expect(response.body == Array("2".utf8))
    }

    @Test func `closes the connection when the waiting task is cancelled`() async throws {
        let (arrivals, arrived) = AsyncStream<Void>.makeStream()
        let (closes, closed) = AsyncStream<Void>.makeStream()
        let server = try LoopbackServer(onClose: { closed.yield() }) { _ in
            arrived.yield()
            return .silence
        }
        defer { server.stop() }
        let task = Task { try await transport.send(request(server), timeout: .seconds(300)) }
        for await _ in arrivals { break }
        task.cancel()
        await #expect(throws: HTTPTransportError.cancelled) { try await task.value }
        for await _ in closes { break }
    }

    @Test func `does not send for a task that is cancelled already`() async throws {
        let server = try LoopbackServer { _ in .silence }
        defer { server.stop() }
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await transport.send(request(server), timeout: .seconds(300))
        }
        await #expect(throws: HTTPTransportError.cancelled) { try await task.value }
    }

    @Test func `holds no more of an answer than its bound`() async throws {
        let server = try LoopbackServer { _ in LoopbackServer.response(String(repeating: "x", count: 1001)) }
        defer { server.stop() }
        await #expect(throws: HTTPTransportError.responseTooLarge(host: "127.0.0.1", limit: 1000)) {
            try await transport.send(request(server), timeout: .seconds(30))
        }
    }

    @Test func `does not follow redirects`() async throws {
        let server = try LoopbackServer { _ in
            LoopbackServer.response("", status: "307 Temporary Redirect", headers: "Location: http://127.0.0.1:9/\r\n")
        }
        defer { server.stop() }
        #expect(try await transport.send(request(server), timeout: .seconds(30)).status == 307)
    }

    @Test func `tells a connection that broke from a timeout`() async throws {
        let server = try LoopbackServer { _ in .close }
        defer { server.stop() }
        let request = try request(server)
        await #expect {
            try await transport.send(request, timeout: .seconds(30))
        } throws: { error in
            if case HTTPTransportError.connectionFailed("127.0.0.1", _) = error { true } else { false }
        }
    }

    @Test func `sends no plain http to other hosts, and no header with a line break`() async throws {
        let plain = HTTPRequest(method: "GET", url: try #require(HTTPURL("http://example.com/")))
        await #expect(throws: HTTPTransportError.self) { try await transport.send(plain, timeout: .seconds(30)) }
        let injected = HTTPRequest(
            method: "GET",
            url: try #require(HTTPURL("http://127.0.0.1:9/")),
            headers: ["X": "a\r\nY: b"]
        )
        await #expect {
            try await transport.send(injected, timeout: .seconds(30))
        } throws: { error in
            if case HTTPTransportError.refused = error { true } else { false }
        }
    }
}
