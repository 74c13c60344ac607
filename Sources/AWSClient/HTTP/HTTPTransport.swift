/// One request, without the headers that every HTTP client adds (`Host`, `Content-Length`).
package struct HTTPRequest: Sendable {
    /// `GET`, `POST`, …
    package var method: String
    /// The URL.
    package var url: HTTPURL
    /// The headers.
    package var headers: HTTPHeaders
    /// The body; empty means none.
    package var body: [UInt8]
    /// True for a request to the metadata service of the machine or container. It may be sent without TLS, never goes
    /// through a proxy, and gets a short time limit.
    package var isMetadata = false

    /// Creates a request without a signature.
    package init(method: String, url: HTTPURL, headers: HTTPHeaders = [:], body: [UInt8] = []) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
    }
}

/// One response, of any status.
package struct HTTPResponse: Sendable {
    /// The status code of the final response.
    package var status: Int
    /// Its headers.
    package var headers: HTTPHeaders
    /// Its body, whole.
    package var body: [UInt8]
    /// The number of times that the request was sent. Libcurl sends it again if a kept connection breaks before the
    /// first byte of the response, so the response may be to a repetition.
    package var sends = 1

    /// Creates a response. Tests script their transports with it.
    package init(status: Int, headers: HTTPHeaders = [:], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// Sends requests: libcurl in the program, a script in tests.
package protocol HTTPTransport: Sendable {
    /// Sends `request` and waits for the whole response.
    ///
    /// - Parameter timeout: The limit on everything from the name look-up to the last byte.
    /// - Throws: The reason why no response came. A response of any status is no error.
    func send(_ request: HTTPRequest, timeout: Duration) async throws(HTTPTransportError) -> HTTPResponse
}

/// The reason why there was no response. The request may have been carried out all the same.
package enum HTTPTransportError: Error, Hashable, CustomStringConvertible {
    /// The response, or the rest of it, did not come in time.
    case timedOut(host: String, after: Duration)
    /// There was no connection, or it broke. `reason` is libcurl's text.
    case connectionFailed(host: String, reason: String)
    /// The response is larger than the limit.
    case responseTooLarge(host: String, limit: Int)
    /// The request was never sent, because it must not or cannot be.
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
