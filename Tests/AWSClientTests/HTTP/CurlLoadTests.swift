import AWSClient
import Foundation
import Testing

/// CurlTransport under load.
@Suite(.serialized) struct CurlLoadTests {
    @Test func `leaves no connection behind after thousands of requests, timeouts and cancellations`() async throws {
        let server = try LoopbackServer { request in
            request.requestLine.contains("silent") ? .silence : LoopbackServer.response("fine")
        }
        defer { server.stop() }
        try await Self.loadAndDrop(server.port)
        // The thread closes them after the transport has gone.
        for _ in 0..<500 where Self.connections(to: server.port) > 0 { try await Task.sleep(for: .milliseconds(10)) }
        #expect(Self.connections(to: server.port) == 0)
    }

    @Test func `sleeps while nothing happens, also with a long poll open and connections kept`() async throws {
        let server = try LoopbackServer { request in
            request.requestLine.contains("silent") ? .silence : LoopbackServer.response("fine")
        }
        defer { server.stop() }
        let transport = try CurlTransport()
        let before = Self.wakeUps()
        let poll = Task { await Self.isAnswered(1, "/silent", .seconds(60), transport, server.port) }
        for index in 0..<10 { _ = await Self.isAnswered(index, "/", .seconds(60), transport, server.port) }
        // Libcurl has a last timer of its own for each connection, within the first second. On a busy machine that is later.
        var isAsleep = false
        for _ in 0..<10 where !isAsleep {
            let start = Self.wakeUps()
            try await Task.sleep(for: .milliseconds(1500))
            let end = Self.wakeUps()
            // Threads of other tests come and go. Ours did not exist before.
            isAsleep = start.contains { before[$0.key] == nil && end[$0.key] == $0.value }
        }
        #expect(isAsleep)
        poll.cancel()
        _ = await poll.value
    }

    /// How often each thread of libcurl in this process has been woken so far.
    private static func wakeUps() -> [String: Int] {
        let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
        let counts = tasks.compactMap { task -> (String, Int)? in
            let name = try? String(contentsOfFile: "/proc/self/task/\(task)/comm", encoding: .utf8)
            let status = (try? String(contentsOfFile: "/proc/self/task/\(task)/status", encoding: .utf8)) ?? ""
            guard name == "curl\n",
                let line = status.split(separator: "\n").first(where: { $0.hasPrefix("voluntary_ctxt_switches") }),
                let count = line.split(separator: "\t").last.flatMap({ Int($0) })
            else { return nil }
            return (task, count)
        }
        return Dictionary(uniqueKeysWithValues: counts)
    }

    private static func isAnswered(
        _ index: Int,
        _ path: String,
        _ timeout: Duration,
        _ transport: CurlTransport,
        _ port: UInt16
    ) async -> Bool {
        guard let url = HTTPURL("http://127.0.0.1:\(port)\(path)?\(index)") else { return false }
        return (try? await transport.send(HTTPRequest(method: "GET", url: url), timeout: timeout))?.status == 200
    }

    private static func loadAndDrop(_ port: UInt16) async throws {
        let transport = try CurlTransport()
        #expect(await load(transport, port, rounds: 20) == 20 * 92)
        // Far fewer than the requests: connections are kept and used again, and bounded for each host.
        #expect(connections(to: port) <= 48)
    }

    /// How many of this machine's sockets are connected to `port`: tests beside this one have others.
    private static func connections(to port: UInt16) -> Int {
        let table = (try? String(contentsOfFile: "/proc/self/net/tcp", encoding: .utf8)) ?? ""
        let suffix = ":" + (String(repeating: "0", count: 4) + String(port, radix: 16, uppercase: true)).suffix(4)
        // The fields are number, local and remote address, state; 01 is an open connection.
        return table.split(separator: "\n").count { line in
            let fields = line.split(separator: " ")
            return fields.count > 3 && fields[2].hasSuffix(suffix) && fields[3] == "01"
        }
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
