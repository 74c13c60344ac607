import Foundation
import Testing

@testable import Telemetry

/// The status endpoint answers three routes, whatever its clients do.
@Suite struct StatusServerTests {
    private let routes = StatusRoutes([
        "/livez": { StatusAnswer(200, "alive\n") }, "/readyz": { StatusAnswer(503, "no\n") },
    ])

    /// Runs blocking calls of a client on a thread of its own. In the pool of the tasks they could keep the server from starting.
    private func onThread<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            Thread { continuation.resume(returning: body()) }.start()
        }
    }

    /// Runs `body` with the port of a server.
    private func serving(_ body: (Int) async throws -> Void) async throws {
        let server = try StatusServer(try #require(StatusAddress("127.0.0.1:0")), routes: routes)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await server.run() }
            try await body(server.port)
            group.cancelAll()
        }
    }

    private static func connect(_ port: Int) -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        _ = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        return descriptor
    }

    /// Sends `request` and reads to the end.
    private func answer(_ request: String, _ port: Int) async -> String {
        await onThread {
            let descriptor = Self.connect(port)
            defer { close(descriptor) }
            _ = request.withCString { send(descriptor, $0, strlen($0), Int32(MSG_NOSIGNAL)) }
            var all: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while case let count = recv(descriptor, &buffer, buffer.count, 0), count > 0 { all += buffer.prefix(count) }
            return String(decoding: all, as: UTF8.self)
        }
    }

    @Test func `each route answers with its status, others with 404, other methods with 405`() async throws {
        try await serving { port in
            let live = await answer("GET /livez?x=1 HTTP/1.1\r\nHost: x\r\n\r\n", port)
            #expect(live.hasPrefix("HTTP/1.1 200 OK\r\n") && live.hasSuffix("\r\n\r\nalive\n"))
            #expect(await answer("GET /readyz HTTP/1.0\r\n\r\n", port).hasPrefix("HTTP/1.1 503 "))
            #expect(await answer("GET / HTTP/1.1\r\n\r\n", port).hasPrefix("HTTP/1.1 404 "))
            #expect(await answer("POST /livez HTTP/1.1\r\n\r\n", port).hasPrefix("HTTP/1.1 405 "))
            #expect(await answer("HEAD /livez HTTP/1.1\r\n\r\n", port).hasSuffix("\r\n\r\n"))
            #expect(await answer("nonsense\r\n\r\n", port).hasPrefix("HTTP/1.1 400 "))
            #expect(
                await answer("GET /livez HTTP/1.1\r\nX: " + String(repeating: "a", count: 8300), port).hasPrefix(
                    "HTTP/1.1 431 "
                )
            )
        }
    }

    @Test func `a hundred clients that say nothing keep nobody from an answer`() async throws {
        try await serving { port in
            let silent = await onThread { (0..<100).map { _ in Self.connect(port) } }
            defer { for descriptor in silent { close(descriptor) } }
            #expect(await answer("GET /livez HTTP/1.1\r\n\r\n", port).hasSuffix("alive\n"))
        }
    }

    @Test func `clients that send nonsense, half a request, or read nothing keep nobody from an answer`() async throws {
        try await serving { port in
            let beginnings = ["", "G", "GET /livez HTTP/1.1\r\n", "\u{1B}[2J\r\n\r\n", "GET /livez HTTP/1.1\r\n\r\n"]
            let clients = await onThread {
                (0..<60).map { number in
                    let descriptor = Self.connect(port)
                    let text = beginnings[number % beginnings.count]
                    _ = text.withCString { send(descriptor, $0, strlen($0), Int32(MSG_NOSIGNAL)) }
                    return descriptor
                }
            }
            defer { for descriptor in clients { close(descriptor) } }
            for _ in 0..<10 {
                #expect(await answer("GET /livez HTTP/1.1\r\n\r\n", port).hasSuffix("alive\n"))
            }
        }
    }

    @Test func `a server that is cancelled ends, although nobody ever asked it anything`() async {
        await #expect(throws: Never.self) { try await serving { _ in } }
    }

    @Test func `a port that is taken is an error that names the address and the setting`() async throws {
        try await serving { port in
            let address = try #require(StatusAddress("127.0.0.1:\(port)"))
            #expect {
                _ = try StatusServer(address, routes: routes)
            } throws: { error in
                "\(error)".contains("127.0.0.1:\(port)") && "\(error)".contains("--http-address")
            }
        }
    }

    @Test(
        arguments: [
            ("127.0.0.1:9090", "http://127.0.0.1:9090/x"), (":9090", "http://127.0.0.1:9090/x"),
            ("0.0.0.0:1", "http://127.0.0.1:1/x"), ("[::1]:80", "http://[::1]:80/x"),
            ("localhost:80", "http://localhost:80/x"),
            ("localhost", nil), ("::1:80", nil), ("x:99999", nil), ("x:", nil), ("a b:1", nil), ("a/b:1", nil),
        ] as [(String, String?)]
    )
    func `an address is host and port`(text: String, url: String?) {
        #expect(StatusAddress(text)?.url("/x") == url)
    }
}
