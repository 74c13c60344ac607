import Synchronization

/// A request on its way to libcurl's thread, and whoever waits for the answer.
struct CurlSubmission: Sendable {
    typealias Continuation = CheckedContinuation<Result<HTTPResponse, HTTPTransportError>, Never>

    let id: UInt64
    let request: HTTPRequest
    let timeout: Duration
    let isCancelled: CancellationFlag
    let continuation: Continuation
}

/// The settings of every transfer.
struct CurlOptions: Sendable {
    let caBundle: String?
    let proxies: ProxySettings
    let maximumResponseSize: Int
}

/// Says that nobody waits for a request any more.
final class CancellationFlag: Sendable {
    private let flag = Atomic(false)

    var isSet: Bool { flag.load(ordering: .acquiring) }

    func set() { flag.store(true, ordering: .releasing) }
}
