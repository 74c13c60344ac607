import CCurl
import Foundation
import Synchronization

/// The thread that owns libcurl's multi handle, and the inbox through which tasks reach it.
///
/// Only the thread touches transfers; others put requests into the inbox and wake it. `curl_multi_wakeup` is the one
/// libcurl call that other threads may make. It is made under a lock of its own, as is the clean-up: under the inbox's,
/// the thread would wake only to wait for whoever woke it.
@safe
final class CurlEventLoop: Sendable {
    typealias Continuation = CheckedContinuation<Result<HTTPResponse, HTTPTransportError>, Never>

    struct Submission: Sendable {
        let id: UInt64
        let request: HTTPRequest
        let timeout: Duration
        let continuation: Continuation
    }

    /// What is the same for every transfer.
    struct Options: Sendable {
        let caBundle: String?
        let proxies: ProxySettings
        let maximumResponseSize: Int
    }

    private struct Inbox {
        var submissions: [Submission] = []
        var cancelled: Set<UInt64> = []
        var isStopping = false
        /// Whether the thread reads it no more.
        var isClosed = false
        var stopWaiters: [CheckedContinuation<Void, Never>] = []
    }

    private let inbox = Mutex(Inbox())
    /// Whether the multi handle is gone.
    private let hasEnded = Mutex(false)
    // Shared with other threads only for `curl_multi_wakeup`, which libcurl allows while the handle stands.
    private nonisolated(unsafe) let multi: UnsafeMutableRawPointer
    private let options: Options

    init(options: Options) throws(HTTPTransportError) {
        guard let multi = unsafe curl_multi_init() else {
            throw .refused(host: "any host", reason: "libcurl cannot start; check the installed libcurl and memory")
        }
        // Idle connections to keep: libcurl's own bound shrinks with the number of running transfers.
        _ = unsafe ccurl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, 64)
        unsafe self.multi = multi
        self.options = options
    }

    func start() {
        let thread = Thread { self.run() }
        thread.name = "curl"
        thread.start()
    }

    func submit(_ submission: Submission) {
        let isAccepted = inbox.withLock { inbox in
            guard !inbox.isStopping else { return false }
            inbox.submissions.append(submission)
            return true
        }
        if isAccepted { wake() } else { submission.continuation.resume(returning: .failure(.shutDown)) }
    }

    func cancel(_ id: UInt64) {
        inbox.withLock { _ = $0.cancelled.insert(id) }
        wake()
    }

    func forget(_ id: UInt64) {
        inbox.withLock { _ = $0.cancelled.remove(id) }
    }

    func stop(then waiter: CheckedContinuation<Void, Never>?) {
        // Whether the thread has taken its leave is known under the inbox's lock, lest a waiter be left behind.
        let isGone = inbox.withLock { inbox in
            inbox.isStopping = true
            if let waiter, !inbox.isClosed { inbox.stopWaiters.append(waiter) }
            return inbox.isClosed
        }
        if isGone { waiter?.resume() } else { wake() }
    }

    private func wake() {
        hasEnded.withLock { hasEnded in
            if !hasEnded { _ = unsafe curl_multi_wakeup(multi) }
        }
    }

    // MARK: On the thread

    private func run() {
        var transfers: [UInt64: CurlTransfer] = [:]
        while true {
            let (submissions, cancelled, isStopping) = inbox.withLock { inbox in
                defer { inbox.submissions = [] }
                return (inbox.submissions, inbox.cancelled, inbox.isStopping)
            }
            for submission in submissions {
                begin(submission, in: &transfers)
            }
            for id in cancelled {
                end(id, in: &transfers, with: .failure(.cancelled))
            }
            if isStopping { break }
            drive(&transfers)
        }
        for id in transfers.keys {
            end(id, in: &transfers, with: .failure(.shutDown))
        }
        hasEnded.withLock { hasEnded in
            _ = unsafe curl_multi_cleanup(multi)
            hasEnded = true
        }
        let waiters = inbox.withLock { inbox in
            inbox.isClosed = true
            return inbox.stopWaiters
        }
        for waiter in waiters { waiter.resume() }
    }

    private func begin(_ submission: Submission, in transfers: inout [UInt64: CurlTransfer]) {
        let transfer: CurlTransfer
        do throws(HTTPTransportError) {
            transfer = try CurlTransfer(submission, options)
        } catch {
            return submission.continuation.resume(returning: .failure(error))
        }
        transfers[submission.id] = transfer
        let code = unsafe curl_multi_add_handle(multi, transfer.easy)
        if code != CURLM_OK {
            let reason = unsafe String(cString: curl_multi_strerror(code))
            end(submission.id, in: &transfers, with: .failure(.refused(host: transfer.host, reason: reason)))
        }
    }

    private func end(
        _ id: UInt64,
        in transfers: inout [UInt64: CurlTransfer],
        with result: Result<HTTPResponse, HTTPTransportError>
    ) {
        guard let transfer = transfers.removeValue(forKey: id) else { return }
        _ = unsafe curl_multi_remove_handle(multi, transfer.easy)
        transfer.continuation.resume(returning: result)
    }

    /// Lets libcurl work, hands out what is complete, and sleeps until a socket, a timer or the inbox has something.
    private func drive(_ transfers: inout [UInt64: CurlTransfer]) {
        var count: CInt = 0
        _ = unsafe curl_multi_perform(multi, &count)
        while let message = unsafe curl_multi_info_read(multi, &count) {
            guard unsafe message.pointee.msg == CURLMSG_DONE, let easy = unsafe message.pointee.easy_handle,
                let transfer = transfers.values.first(where: { unsafe $0.easy == easy })
            else { continue }
            let code = unsafe message.pointee.data.result
            end(transfer.id, in: &transfers, with: transfer.result(code))
        }
        // libcurl wakes earlier for its own timers; without any, a second is only a bound.
        _ = unsafe curl_multi_poll(multi, nil, 0, 1000, nil)
    }
}
