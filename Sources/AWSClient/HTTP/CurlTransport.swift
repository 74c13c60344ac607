import Synchronization

/// HTTP/1.1 through libcurl. One thread drives all transfers and keeps connections open between them.
///
/// HTTP/1.1 is forced, because libcurl keeps a dead multiplexed connection for reuse after a timeout, and a long poll
/// would then never recover. Redirects are never followed, because a signed request belongs to one host.
package final class CurlTransport: HTTPTransport {
    private let loop: CurlEventLoop
    private let nextID = Atomic<UInt64>(0)

    /// Creates a transport. Its thread starts with the first request and ends with the transport.
    ///
    /// - Parameters:
    ///   - caBundle: The file of certificates to trust instead of the system's (`AWS_CA_BUNDLE`).
    ///   - proxies: The proxies for requests to other machines; by default none.
    ///   - maximumResponseSize: The largest body in bytes. A longer response is given up.
    package init(
        caBundle: String? = nil,
        proxies: ProxySettings = ProxySettings(environment: [:]),
        maximumResponseSize: Int = 16 * 1024 * 1024
    ) throws(HTTPTransportError) {
        loop = try CurlEventLoop(
            options: CurlOptions(caBundle: caBundle, proxies: proxies, maximumResponseSize: maximumResponseSize)
        )
    }

    deinit {
        loop.stop()
    }

    /// Sends `request`. Cancelling the task closes the connection at once.
    package func send(_ request: HTTPRequest, timeout: Duration) async throws(HTTPTransportError) -> HTTPResponse {
        if request.url.scheme == .http, !request.url.isLoopback, !request.isMetadata {
            throw .refused(host: request.url.host, reason: "plain http is allowed to this machine only; use https")
        }
        // Without this check, a line break in a token or setting would add headers of its own.
        if let field = request.headers.fields.first(where: { !$0.isSendable }) {
            throw .refused(host: request.url.host, reason: "the header \(field.name) holds a control character")
        }
        let id = nextID.add(1, ordering: .relaxed).newValue
        let isCancelled = CancellationFlag()
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                loop.submit(
                    CurlSubmission(
                        id: id,
                        request: request,
                        timeout: timeout,
                        isCancelled: isCancelled,
                        continuation: continuation
                    )
                )
            }
        } onCancel: {
            // The flag tells the thread about a request that it has not seen yet.
            isCancelled.set()
            loop.cancel(id)
        }
        return try result.get()
    }
}
