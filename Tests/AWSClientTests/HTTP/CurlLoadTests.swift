import AWSClient
import Foundation
import Testing

@Suite("CurlTransport under load", .serialized)
struct CurlLoadTests {
    private static var descriptors: Int {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 0
    }

    /// In a process of its own, where nobody else opens descriptors or memory meanwhile.
    @Test("leaves no descriptor and no memory behind after thousands of requests, timeouts and cancellations")
    func leaks() async {
        await #expect(processExitsWith: .success) {
            let server = try LoopbackServer { request in
                request.requestLine.contains("silent") ? .silence : LoopbackServer.response("fine")
            }
            defer { server.stop() }
            let before = CurlLoadTests.descriptors
            let transport = try CurlTransport()
            #expect(await CurlLoadTests.load(transport, server.port, rounds: 10) == 10 * 92)
            let memory = CurlLoadTests.memory
            #expect(await CurlLoadTests.load(transport, server.port, rounds: 20) == 20 * 92)
            // 8 MB are 4 KB for each request, less than a handle of libcurl's; the allocator keeps some for its threads.
            #expect(CurlLoadTests.memory - memory < 8_000_000)
            await transport.shutdown()
            // The server's threads close their ends once ours are closed; the runtime opens a few of its own.
            for _ in 0..<200 where CurlLoadTests.descriptors > before + 5 {
                try await Task.sleep(for: .milliseconds(10))
            }
            #expect(CurlLoadTests.descriptors <= before + 5)
        }
    }

    /// The process's own memory in bytes.
    private static var memory: Int {
        let lines = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8))?.split(separator: "\n") ?? []
        let kilobytes = lines.first { $0.hasPrefix("RssAnon:") }?.split(whereSeparator: \.isWhitespace).dropFirst()
            .first
        return kilobytes.flatMap { Int($0) }.map { $0 * 1024 } ?? 0
    }

    /// Rounds of 100 requests at once.
    ///
    /// - Returns: how many were answered.
    private static func load(_ transport: CurlTransport, _ port: UInt16, rounds: Int) async -> Int {
        var answered = 0
        for _ in 0..<rounds {
            answered += await withTaskGroup(of: Bool.self) { group in
                for index in 0..<100 {
                    group.addTask { await isAnswered(index, transport, port) }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
        }
        return answered
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
