import CCurl
import CSystem
import Foundation
import Synchronization

/// The thread that runs libcurl, and its inbox.
///
/// Tasks put requests into the inbox. They wake the thread only if it sleeps, so that a burst of requests costs one
/// system call. Everything of libcurl is in a `CurlMulti` on the thread.
final class CurlEventLoop: Sendable {
    private struct Inbox {
        var submissions: [CurlSubmission] = []
        var cancelled: [UInt64] = []
        var isStopping = false
        var isStarted = false
        /// True while the thread sleeps or is about to, so that it must be woken.
        var isAsleep = false
    }

    private let inbox = Mutex(Inbox())
    private let options: CurlOptions
    /// Wakes the thread. It is closed with the last reference to this object, so that no wake-up reaches another file.
    private let wakeUp: CInt

    init(options: CurlOptions) throws(HTTPTransportError) {
        wakeUp = eventfd(0, CInt(EFD_CLOEXEC | EFD_NONBLOCK))
        self.options = options
        if wakeUp < 0 {
            throw .refused(host: "any host", reason: "there is no free file descriptor; raise the limit of open files")
        }
    }

    deinit {
        if wakeUp >= 0 { close(wakeUp) }
    }

    func submit(_ submission: CurlSubmission) {
        enum Next { case nothing, wake, start, refuse }
        let next: Next = inbox.withLock { inbox in
            if inbox.isStopping { return .refuse }
            inbox.submissions.append(submission)
            if !inbox.isStarted {
                inbox.isStarted = true
                return .start
            }
            return takeSleep(&inbox) ? .wake : .nothing
        }
        switch next {
        case .nothing: break
        case .wake: wake()
        case .start: start()
        case .refuse: submission.continuation.resume(returning: .failure(.shutDown))
        }
    }

    func cancel(_ id: UInt64) {
        let mustWake = inbox.withLock { inbox in
            inbox.cancelled.append(id)
            return takeSleep(&inbox)
        }
        if mustWake { wake() }
    }

    /// Makes the thread end every open transfer, and then itself.
    func stop() {
        let mustWake = inbox.withLock { inbox in
            inbox.isStopping = true
            return takeSleep(&inbox)
        }
        if mustWake { wake() }
    }

    private func takeSleep(_ inbox: inout Inbox) -> Bool {
        defer { inbox.isAsleep = false }
        return inbox.isAsleep
    }

    private func wake() {
        _ = eventfd_write(wakeUp, 1)
    }

    private func start() {
        Thread.detachNewThread { self.run() }
    }

    // MARK: On the thread

    private func run() {
        unsafe csystem_name_thread("curl")
        guard let multi = CurlMulti(options: options, wakeUp: wakeUp) else { return refuseAll() }
        while true {
            let (submissions, cancelled, isStopping) = inbox.withLock { inbox in
                defer { (inbox.submissions, inbox.cancelled) = ([], []) }
                return (inbox.submissions, inbox.cancelled, inbox.isStopping)
            }
            for submission in submissions { multi.begin(submission) }
            for id in cancelled { multi.end(id, with: .cancelled) }
            if isStopping { break }
            // New requests go to libcurl before the thread checks whether it may sleep.
            multi.runTimers()
            let isIdle = inbox.withLock { inbox in
                inbox.isAsleep = inbox.submissions.isEmpty && inbox.cancelled.isEmpty && !inbox.isStopping
                return inbox.isAsleep
            }
            multi.poll(mayWait: isIdle)
            if isIdle { inbox.withLock { $0.isAsleep = false } }
        }
        multi.close(with: .shutDown)
    }

    /// Answers all requests with an error if libcurl cannot start.
    private func refuseAll() {
        let reason = "libcurl cannot start; check the installed libcurl, memory and the limit of open files"
        let waiting = inbox.withLock { inbox in
            defer { inbox.submissions = [] }
            inbox.isStopping = true
            return inbox.submissions
        }
        for submission in waiting {
            submission.continuation.resume(
                returning: .failure(.refused(host: submission.request.url.host, reason: reason))
            )
        }
    }
}
