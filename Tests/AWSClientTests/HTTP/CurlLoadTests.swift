import AWSClient
import Foundation
import Testing

@Suite("CurlTransport under load", .serialized)
struct CurlLoadTests {
    private static var descriptors: Int {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 0
    }

    @Test("leaves no descriptor behind after thousands of requests, timeouts and cancellations")
    func leaks() async throws {
        let server = try LoopbackServer { request in
            request.requestLine.contains("silent") ? .silence : LoopbackServer.response("fine")
        }
        defer { server.stop() }
        let before = Self.descriptors
        let transport = try CurlTransport()
        var answered = 0
        for _ in 0..<20 {
            answered += await withTaskGroup(of: Bool.self) { group in
                for index in 0..<100 {
                    group.addTask { await Self.isAnswered(index, transport, server.port) }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
        }
        #expect(answered == 20 * 92)
        await transport.shutdown()
        // The server's threads close their ends once ours are closed; tests beside this one open a few of their own.
        for _ in 0..<200 where Self.descriptors > before + 30 { try await Task.sleep(for: .milliseconds(10)) }
        #expect(Self.descriptors <= before + 30)
    }

    /// One request: in 25 one that times out, one that is cancelled, and the others to be answered.
    private static func isAnswered(_ index: Int, _ transport: CurlTransport, _ port: UInt16) async -> Bool {
        func send(_ path: String, _ timeout: Duration) async -> Bool {
            guard let url = HTTPURL("http://127.0.0.1:\(port)\(path)") else { return false }
            let response = try? await transport.send(HTTPRequest(method: "GET", url: url), timeout: timeout)
            return response?.status == 200
        }
        switch index % 25 {
        case 0: return await send("/silent", .milliseconds(20))
        case 1:
            let task = Task { await send("/silent", .seconds(60)) }
            task.cancel()
            return await task.value
        default: return await send("/", .seconds(60))
        }
    }
}
