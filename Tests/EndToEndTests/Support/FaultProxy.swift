import AWSClient
import Foundation

/// Stands between the program and the emulator, checks every signature, and breaks what a test tells it to break.
final class FaultProxy: Sendable {
    private let port: Int
    private let lifeline = Pipe()
    private let transport: CurlTransport

    init() throws {
        transport = try CurlTransport()
        port = try Python.serve(
            "faultproxy.py",
            ["--upstream", "\(Emulator.shared.get().port)"],
            lifeline: lifeline
        )
    }

    deinit {
        try? lifeline.fileHandleForWriting.close()
    }

    /// What sends the program's calls through the proxy.
    var environment: [String: String] { ["AWS_ENDPOINT_URL": "http://127.0.0.1:\(port)"] }

    /// Breaks this from now on, and nothing else.
    func inflict(_ faults: JSON...) async throws {
        _ = try await call("PUT", "faults", body: JSON.array(faults).encoded)
    }

    /// How many calls of an action met a fault or were not believed, as `service.Action`.
    func faults(of action: String) async throws -> Int {
        try await call("GET", "counts", body: "")[action]["faults"].integer ?? 0
    }

    /// How many calls of an action came, as `service.Action`.
    func calls(of action: String) async throws -> Int {
        try await call("GET", "counts", body: "")[action]["calls"].integer ?? 0
    }

    private func call(_ method: String, _ path: String, body: String) async throws -> JSON {
        let url = try HTTPURL("http://127.0.0.1:\(port)/\(path)").orThrow("the proxy has a URL")
        let answer = try await transport.send(
            HTTPRequest(method: method, url: url, body: Array(body.utf8)),
            timeout: .seconds(10)
        )
        return try JSON(parsing: String(decoding: answer.body, as: UTF8.self))
    }
}
