import AWSClient
import Foundation
import Synchronization
import Testing

/// Forms of an HTTP answer that AWS and what stands before it may send.
@Suite struct CurlAnswerTests {
    private func answer(
        _ reply: LoopbackServer.Reply,
        method: String = "POST",
        headers: HTTPHeaders = [:],
        maximumSize: Int = 1000
    ) async throws -> HTTPResponse {
        let server = try LoopbackServer { _ in reply }
        defer { server.stop() }
        let url = try #require(HTTPURL("http://127.0.0.1:\(server.port)/"))
        let transport = try CurlTransport(maximumResponseSize: maximumSize)
        return try await transport.send(HTTPRequest(method: method, url: url, headers: headers), timeout: .seconds(30))
    }

    private func text(_ response: HTTPResponse) -> String {
        String(decoding: response.body, as: UTF8.self)
    }

    @Test func `joins the chunks of a body`() async throws {
        let response = try await answer(
            .bytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n")
        )
        #expect(text(response) == "abcde")
    }

    @Test func `bounds a body whose length nobody announced`() async throws {
        let chunk = "400\r\n" + String(repeating: "x", count: 1024) + "\r\n"
        await #expect(throws: HTTPTransportError.responseTooLarge(host: "127.0.0.1", limit: 1000)) {
            try await answer(.bytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\(chunk)0\r\n\r\n"))
        }
        let exact = try await answer(LoopbackServer.response(String(repeating: "x", count: 1000)))
        #expect(exact.body.count == 1000)
    }

    @Test func `reads the answer after an interim one, and nothing of the interim one`() async throws {
        let response = try await answer(
            .bytes("HTTP/1.1 100 Continue\r\nX-Interim: 1\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok")
        )
        #expect(response.status == 201)
        #expect(response.headers["X-Interim"] == nil)
        #expect(text(response) == "ok")
        #expect(response.sends == 1)
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhalf",
        "not HTTP at all\r\n\r\n",
    ])
    func `takes no part of an answer for the whole`(text: String) async throws {
        let error = await #expect(throws: HTTPTransportError.self) { try await answer(.bytesThenClose(text)) }
        if case .connectionFailed("127.0.0.1", _) = error {} else { Issue.record("\(String(describing: error))") }
    }

    @Test func `reads an answer that ends with the connection, and one without a body`() async throws {
        #expect(text(try await answer(.bytesThenClose("HTTP/1.0 200 OK\r\n\r\nold"))) == "old")
        let empty = try await answer(.bytes("HTTP/1.1 204 No Content\r\n\r\n"))
        #expect(empty.status == 204)
        #expect(empty.body.isEmpty)
    }

    @Test(arguments: [400, 403, 500, 503])
    func `gives an answer of any status with its body`(status: Int) async throws {
        let response = try await answer(
            LoopbackServer.response("why", status: "\(status) X", headers: "A: 1\r\nA: 2\r\n")
        )
        #expect(response.status == status)
        #expect(text(response) == "why")
        #expect(response.headers.fields.filter { $0.name == "A" }.map(\.value) == ["1", "2"])
    }

    @Test func `sends a megabyte at once, without asking first whether it may`() async throws {
        let seen = Mutex<LoopbackServer.Received?>(nil)
        let server = try LoopbackServer { request in
            seen.withLock { $0 = request }
            return LoopbackServer.response("")
        }
        defer { server.stop() }
        let url = try #require(HTTPURL("http://127.0.0.1:\(server.port)/"))
        let body = [UInt8](repeating: 0x41, count: 1_100_000)
        _ = try await CurlTransport().send(HTTPRequest(method: "POST", url: url, body: body), timeout: .seconds(60))
        let received = seen.withLock { $0 }
        #expect(received?.body.count == body.count)
        #expect(received?.headers["Expect"] == nil)
    }

    @Test func `refuses a name or value of a header that would be two lines`() async throws {
        for headers: HTTPHeaders in [["X\r\nY": "a"], ["X": "a\u{0}"], ["X": "\u{7F}"]] {
            let error = await #expect(throws: HTTPTransportError.self) {
                try await answer(LoopbackServer.response(""), headers: headers)
            }
            if case .refused = error {} else { Issue.record("\(String(describing: error))") }
        }
    }

    @Test func `says which file of certificates cannot be used`() async throws {
        let server = try LoopbackServer { _ in .close }
        defer { server.stop() }
        let transport = try CurlTransport(caBundle: "/no/such/file.pem")
        let url = try #require(HTTPURL("https://127.0.0.1:\(server.port)/"))
        let error = await #expect(throws: HTTPTransportError.self) {
            try await transport.send(HTTPRequest(method: "GET", url: url), timeout: .seconds(30))
        }
        #expect(error?.description.contains("/no/such/file.pem") == true)
    }
}
