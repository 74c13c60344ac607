import CCurl
import Glibc

/// Libcurl's multi handle, its sockets, and the transfers under way.
///
/// It sleeps in `epoll_wait` until a socket, a timer of libcurl or the wake-up descriptor is ready. It passes only
/// ready sockets to libcurl, so that the cost of a transfer does not grow with the number of others, and an idle
/// process is never woken. It is used only on the event loop's thread.
@safe
final class CurlMulti {
    /// The number of calls in flight to one host. Further calls wait inside libcurl, which costs less than more
    /// connections.
    private static let connectionsPerHost = 48
    /// The number of connections that stay open while nobody uses them.
    private static let idleConnections = 256
    private static let idleTransfers = 64

    private let multi: UnsafeMutableRawPointer
    private let epoll: CInt
    private let wakeUp: CInt
    private let options: CurlOptions
    private var transfers: [UInt64: CurlTransfer] = [:]
    private var idle: [CurlTransfer] = []
    /// The time of libcurl's next timer; nil for never.
    private var deadline: ContinuousClock.Instant?
    /// For each descriptor, the events that the kernel watches, and whether libcurl still wants them.
    private var watched: [CInt: (events: UInt32, isWanted: Bool)] = [:]
    /// The sockets of connections. Libcurl tells when it closes one of these; it does not for its other descriptors.
    private var connections: Set<CInt> = []
    private var events = unsafe Array(repeating: epoll_event(), count: 64)

    /// Nil if there is no memory or no descriptor.
    init?(options: CurlOptions, wakeUp: CInt) {
        let epoll = epoll_create1(CInt(EPOLL_CLOEXEC))
        guard epoll >= 0 else { return nil }
        guard let multi = unsafe curl_multi_init() else {
            _ = Glibc.close(epoll)
            return nil
        }
        self.epoll = epoll
        unsafe self.multi = multi
        self.options = options
        self.wakeUp = wakeUp
        _ = ccurl_epoll_control(epoll, EPOLL_CTL_ADD, wakeUp, EPOLLIN.rawValue)
        _ = unsafe ccurl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, Self.idleConnections)
        _ = unsafe ccurl_multi_set_long(multi, CURLMOPT_MAX_HOST_CONNECTIONS, Self.connectionsPerHost)
        setCallbacks()
    }

    /// Ends every transfer and closes every connection. The object must not be used afterwards.
    func close(with error: HTTPTransportError) {
        for id in transfers.keys { end(id, with: error) }
        idle = []
        _ = unsafe curl_multi_cleanup(multi)
        _ = Glibc.close(epoll)
    }

    func begin(_ submission: CurlSubmission) {
        guard !submission.isCancelled.isSet else {
            return submission.continuation.resume(returning: .failure(.cancelled))
        }
        guard let transfer = idle.popLast() ?? CurlTransfer(options, sockets: callbacks) else {
            let reason = "libcurl has no memory for a transfer"
            let error = HTTPTransportError.refused(host: submission.request.url.host, reason: reason)
            return submission.continuation.resume(returning: .failure(error))
        }
        transfer.prepare(submission, options)
        let code = unsafe curl_multi_add_handle(multi, transfer.easy)
        guard code == CURLM_OK else {
            let reason = unsafe String(cString: curl_multi_strerror(code))
            let error = HTTPTransportError.refused(host: submission.request.url.host, reason: reason)
            return submission.continuation.resume(returning: .failure(error))
        }
        transfers[submission.id] = transfer
    }

    /// Gives up a transfer. Does nothing if the transfer has ended already.
    func end(_ id: UInt64, with error: HTTPTransportError) {
        guard let transfer = transfers.removeValue(forKey: id) else { return }
        _ = unsafe curl_multi_remove_handle(multi, transfer.easy)
        transfer.finish(.failure(error))
    }

    /// Lets libcurl do what is due by the clock: start new transfers, end those that timed out.
    func runTimers() {
        // Libcurl moves the deadline while it works. The number of rounds is limited so that this cannot spin.
        for _ in 0..<4 {
            guard let deadline, deadline <= .now else { break }
            self.deadline = nil
            act(on: CURL_SOCKET_BAD, 0)
        }
        collect()
    }

    /// Sleeps until something happens, if it may wait, and lets libcurl handle it.
    func poll(mayWait: Bool) {
        let count = unsafe epoll_wait(epoll, &events, CInt(events.count), mayWait ? milliseconds : 0)
        for index in 0..<Int(max(count, 0)) {
            let descriptor = unsafe events[index].data.fd
            if descriptor == wakeUp {
                var value: eventfd_t = 0
                _ = unsafe eventfd_read(wakeUp, &value)
            } else if watched[descriptor]?.isWanted == true {
                act(on: descriptor, unsafe events[index].events)
            } else {
                // The other side closed an idle connection. Libcurl sees that before it uses the connection again.
                forget(descriptor)
            }
        }
        runTimers()
    }

    /// The time until libcurl's next timer, rounded up; -1 for ever.
    private var milliseconds: CInt {
        guard let deadline else { return -1 }
        let left = ContinuousClock.now.duration(to: deadline)
        let (seconds, attoseconds) = left.components
        guard left > .zero else { return 0 }
        return CInt(clamping: seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }

    private func act(on socket: curl_socket_t, _ events: UInt32) {
        var mask: CInt = 0
        if events & EPOLLIN.rawValue != 0 { mask |= CURL_CSELECT_IN }
        if events & EPOLLOUT.rawValue != 0 { mask |= CURL_CSELECT_OUT }
        if events & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0 { mask |= CURL_CSELECT_ERR | CURL_CSELECT_IN }
        var running: CInt = 0
        _ = unsafe curl_multi_socket_action(multi, socket, mask, &running)
    }

    /// Completes the transfers that have ended.
    private func collect() {
        var count: CInt = 0
        while let message = unsafe curl_multi_info_read(multi, &count) {
            guard unsafe message.pointee.msg == CURLMSG_DONE, let easy = unsafe message.pointee.easy_handle,
                let transfer = unsafe CurlTransfer.at(ccurl_get_private(easy))
            else { continue }
            let code = unsafe message.pointee.data.result
            _ = unsafe curl_multi_remove_handle(multi, easy)
            transfers[transfer.id] = nil
            transfer.finish(transfer.result(code))
            if idle.count < Self.idleTransfers { idle.append(transfer) }
        }
    }

    // MARK: Callbacks

    private func setCallbacks() {
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        _ = unsafe ccurl_multi_set_timer_callback(
            multi,
            { _, milliseconds, context in
                let deadline = milliseconds < 0 ? nil : ContinuousClock.now + .milliseconds(milliseconds)
                unsafe CurlMulti.at(context)?.deadline = deadline
                return 0
            },
            context
        )
        _ = unsafe ccurl_multi_set_socket_callback(
            multi,
            { _, socket, what, context, _ in
                unsafe CurlMulti.at(context)?.watch(socket, what)
                return 0
            },
            context
        )
    }

    /// The functions that libcurl calls when it opens and closes sockets.
    private var callbacks: CurlTransfer.SocketCallbacks {
        unsafe .init(
            context: Unmanaged.passUnretained(self).toOpaque(),
            opened: { context, socket, _ in
                unsafe CurlMulti.at(context)?.connections.insert(socket)
                CurlMulti.limitSilence(of: socket)
                return CInt(CURL_SOCKOPT_OK)
            },
            closed: { context, socket in
                unsafe CurlMulti.at(context)?.closed(socket)
                return Glibc.close(socket)
            }
        )
    }

    /// Ends a connection if sent bytes are not acknowledged for 15 s. The kernel's own limit is 15 minutes.
    private static func limitSilence(of socket: curl_socket_t) {
        var milliseconds: CUnsignedInt = 15_000
        let size = socklen_t(MemoryLayout<CUnsignedInt>.size)
        _ = unsafe setsockopt(socket, CInt(IPPROTO_TCP), TCP_USER_TIMEOUT, &milliseconds, size)
    }

    private func closed(_ socket: curl_socket_t) {
        forget(socket)
        connections.remove(socket)
    }

    private static func at(_ context: UnsafeMutableRawPointer?) -> CurlMulti? {
        unsafe context.map { unsafe Unmanaged<CurlMulti>.fromOpaque($0).takeUnretainedValue() }
    }

    /// Watches a socket for the events that libcurl asks for. The kernel keeps watching between two transfers of a
    /// connection, so that a kept connection needs no further system call.
    private func watch(_ socket: curl_socket_t, _ what: CInt) {
        var events: UInt32 = 0
        if what & CURL_POLL_IN != 0 { events |= EPOLLIN.rawValue }
        if what & CURL_POLL_OUT != 0 { events |= EPOLLOUT.rawValue }
        let known = watched[socket]
        guard what != CURL_POLL_REMOVE else {
            let isKept = known?.events == EPOLLIN.rawValue && connections.contains(socket)
            if isKept { watched[socket]?.isWanted = false } else { forget(socket) }
            return
        }
        if known?.events != events {
            let operation = known == nil ? EPOLL_CTL_ADD : EPOLL_CTL_MOD
            _ = ccurl_epoll_control(epoll, operation, socket, events)
        }
        watched[socket] = (events, true)
    }

    private func forget(_ socket: curl_socket_t) {
        guard watched.removeValue(forKey: socket) != nil else { return }
        _ = ccurl_epoll_control(epoll, EPOLL_CTL_DEL, socket, 0)
    }
}
