import Synchronization

/// A request on its way to libcurl's thread, and the continuation that gets the answer.
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

/// A flag that is set when the task that waits for the request is cancelled.
final class CancellationFlag: Sendable {
    private let flag = Atomic(false)

    var isSet: Bool { flag.load(ordering: .acquiring) }

    func set() { flag.store(true, ordering: .releasing) }
}
