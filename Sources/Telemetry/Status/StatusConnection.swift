import Foundation

/// One client of the status endpoint. Its request is read first, and then the response is written.
struct StatusConnection {
    let descriptor: Int32
    let deadline: ContinuousClock.Instant
    /// True if the connection is to be closed.
    var isOver = false
    private var request: [UInt8] = []
    private var answer: ArraySlice<UInt8>?

    init(descriptor: Int32, deadline: ContinuousClock.Instant) {
        self.descriptor = descriptor
        self.deadline = deadline
    }

    /// The events that the connection waits for.
    var poll: pollfd {
        pollfd(fd: descriptor, events: Int16(answer == nil ? POLLIN : POLLOUT), revents: 0)
    }

    /// Does everything that is possible without waiting.
    mutating func advance(_ routes: StatusRoutes) {
        if answer == nil { read(routes) }
        if answer != nil { write() }
    }

    func close() {
        Glibc.close(descriptor)
    }

    private mutating func read(_ routes: StatusRoutes) {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while request.count <= StatusRequest.limit {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else {
                if count < 0, errno == EINTR { continue }
                if count == 0 || errno != EAGAIN { isOver = true }
                break
            }
            request += buffer.prefix(count)
        }
        guard !isOver, let bytes = routes.answer(to: StatusRequest.read(request)) else { return }
        answer = bytes[...]
    }

    private mutating func write() {
        while let rest = answer, !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else {
                if errno == EINTR { continue }
                if errno != EAGAIN { isOver = true }
                return
            }
            answer = rest.dropFirst(count)
        }
        shutdown(descriptor, Int32(SHUT_WR))
        isOver = true
    }
}
