import Foundation
import Synchronization
import Testing

@testable import AWSClient

@Suite struct ProxyTests {
    @Test func `reads the variables that curl reads`() {
        let settings = ProxySettings(environment: [
            "HTTPS_PROXY": "http://capitals", "https_proxy": "http://small", "HTTP_PROXY": "http://cgi",
            "ALL_PROXY": "http://all", "NO_PROXY": ".internal",
        ])
        #expect(settings.https == "http://small")
        #expect(settings.http == "http://all")
        #expect(settings.exceptions == ".internal")
        #expect(ProxySettings(environment: ["HTTPS_PROXY": " "]) == ProxySettings(environment: [:]))
    }

    /// What a proxy was asked for while `url` was requested through a transport that knows it.
    private func asked(for url: String, isMetadata: Bool = false, exceptions: String = "") async throws -> [String] {
        let lines = Mutex<[String]>([])
        let server = try LoopbackServer { request in
            lines.withLock { $0.append(request.requestLine) }
            return LoopbackServer.response("no", status: "403 Forbidden")
        }
        defer { server.stop() }
        let transport = try CurlTransport(
            proxies: ProxySettings(environment: [
                "all_proxy": "http://127.0.0.1:\(server.port)", "no_proxy": exceptions,
            ])
        )
        let text = url.replacingOccurrences(of: "PORT", with: "\(server.port)")
        var request = HTTPRequest(method: "GET", url: try #require(HTTPURL(text)))
        request.isMetadata = isMetadata
        _ = try? await transport.send(request, timeout: .seconds(5))
        return lines.withLock { $0 }
    }

    @Test func `carry calls to AWS through a tunnel, so that the proxy sees no request`() async throws {
        #expect(
            try await asked(for: "https://sqs.invalid/1/q") == ["CONNECT sqs.invalid:443 HTTP/1.1"]
        )
    }

    @Test func `carry nothing to this machine, to metadata, or to an exception`() async throws {
        #expect(try await asked(for: "http://127.0.0.1:PORT/here") == ["GET /here HTTP/1.1"])
        #expect(try await asked(for: "http://localhost:PORT/here") == ["GET /here HTTP/1.1"])
        #expect(try await asked(for: "http://imds.invalid:PORT/", isMetadata: true) == [])
        #expect(try await asked(for: "https://sqs.invalid/", exceptions: "other,.invalid") == [])
    }

    @Test(arguments: [
        (["all_proxy": "a"], "a", "a"), (["ALL_PROXY": "A", "https_proxy": "s"], "s", "A"),
        (["HTTPS_PROXY": "S"], "S", nil), (["http_proxy": "h"], nil, "h"), (["HTTP_PROXY": "H"], nil, nil),
        (["https_proxy": " ", "HTTPS_PROXY": "S"], "S", nil),
    ])
    func `have one variable for each scheme, and one for both`(
        environment: [String: String],
        https: String?,
        http: String?
    ) {
        let settings = ProxySettings(environment: environment)
        #expect(settings.https == https)
        #expect(settings.http == http)
        #expect(settings.exceptions == nil)
    }
}
