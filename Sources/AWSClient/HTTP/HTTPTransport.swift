/// One request, complete but for the headers that every HTTP client adds (`Host`, `Content-Length`).
package struct HTTPRequest: Sendable {
    /// `GET`, `POST`, …
    package var method: String
    /// Where it goes.
    package var url: HTTPURL
    /// What is sent beside the body.
    package var headers: HTTPHeaders
    /// The body; empty means none.
    package var body: [UInt8]
    /// Whether it goes to the metadata service of the machine or container it runs on: plain http is fine there, a
    /// proxy would ask about its own machine, and nobody there answers slowly.
    package var isMetadata = false

    /// A request that nothing has signed yet.
    package init(method: String, url: HTTPURL, headers: HTTPHeaders = [:], body: [UInt8] = []) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
    }
}

/// One answer, whatever its status.
package struct HTTPResponse: Sendable {
    /// The status code of the final answer.
    package var status: Int
    /// Its headers.
    package var headers: HTTPHeaders
    /// Its body, whole.
    package var body: [UInt8]
    /// How often the request was sent. Libcurl sends it once more where a kept connection breaks before any byte of the
    /// answer, so that the answer may be to a repetition.
    package var sends = 1

    /// An answer; tests script their transports with it.
    package init(status: Int, headers: HTTPHeaders = [:], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// What carries requests: libcurl in earnest, a script in tests.
package protocol HTTPTransport: Sendable {
    /// Sends `request` and waits for the whole answer.
    ///
    /// - Parameter timeout: the bound on everything from the name look-up to the last byte.
    /// - Throws: what kept an answer from coming; an answer of any status is no error.
    func send(_ request: HTTPRequest, timeout: Duration) async throws(HTTPTransportError) -> HTTPResponse
}

/// Why there was no answer. The request may have been carried out nevertheless.
package enum HTTPTransportError: Error, Hashable, CustomStringConvertible {
    /// Nothing, or not everything, came in time.
    case timedOut(host: String, after: Duration)
    /// No connection, or one that broke; `reason` is libcurl's own text.
    case connectionFailed(host: String, reason: String)
    /// The answer is bigger than the client is willing to hold.
    case responseTooLarge(host: String, limit: Int)
    /// The request was never sent, since it must not or cannot be.
    case refused(host: String, reason: String)
    /// The task that waited was cancelled.
    case cancelled
    /// The transport was shut down.
    case shutDown

    /// One line for a person.
    package var description: String {
        switch self {
        case .timedOut(let host, let after):
            "no complete answer from \(host) within \(after); check the network, proxy and endpoint"
        case .connectionFailed(let host, let reason):
            "cannot talk to \(host): \(reason); check the network, proxy, certificates and endpoint"
        case .responseTooLarge(let host, let limit):
            "the answer from \(host) is larger than \(limit) bytes; check that the endpoint is the service"
        case .refused(let host, let reason): "a request to \(host) was not sent: \(reason)"
        case .cancelled: "the request was cancelled"
        case .shutDown: "the HTTP transport is shut down"
        }
    }
}
