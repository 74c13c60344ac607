import Foundation
import Synchronization

/// A small HTTP server for the status endpoint, with a few GET routes, one thread, and bounds on everything that a
/// client can do.
///
/// It holds at most 32 connections. A new one replaces the oldest. A request has at most 8 KiB, and the whole exchange
/// takes at most five seconds.
package final class StatusServer: Sendable {
    private static let mostConnections = 32
    private static let deadline: Duration = .seconds(5)

    /// The port on which it listens.
    package let port: Int
    private let socket: Int32
    private let routes: StatusRoutes
    /// A byte in this pipe ends the server.
    private let ending: (read: Int32, write: Int32)
    private let isClosed = Mutex(false)

    /// Listens at `address`.
    ///
    /// - Throws: `StatusServerError` if that is not possible.
    package init(_ address: StatusAddress, routes: StatusRoutes) throws(StatusServerError) {
        let listening = try ListeningSocket(address)
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else {
            close(listening.descriptor)
            throw StatusServerError(address: address, reason: String(cString: strerror(errno)))
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        socket = listening.descriptor
        port = listening.port
        ending = (ends[0], ends[1])
        self.routes = routes
    }

    /// Serves until the task is cancelled.
    package func run() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let thread = Thread { [self] in
                    serve()
                    continuation.resume()
                }
                thread.name = "status endpoint"
                thread.stackSize = 1 << 19
                thread.start()
            }
        } onCancel: {
            stop()
        }
    }

    private func stop() {
        isClosed.withLock { isClosed in
            guard !isClosed else { return }
            var byte: UInt8 = 0
            _ = write(ending.write, &byte, 1)
        }
    }

    private func serve() {
        var connections: [StatusConnection] = []
        while true {
            var polls = [
                pollfd(fd: ending.read, events: Int16(POLLIN), revents: 0),
                pollfd(fd: socket, events: Int16(POLLIN), revents: 0),
            ]
            polls += connections.map(\.poll)
            let ready = poll(&polls, nfds_t(polls.count), 250)
            if ready < 0, errno != EINTR { break }
            if polls[0].revents != 0 { break }
            let now = ContinuousClock.now
            for index in connections.indices {
                if polls[index + 2].revents != 0 { connections[index].advance(routes) }
                if connections[index].deadline <= now { connections[index].isOver = true }
            }
            for connection in connections where connection.isOver { connection.close() }
            connections.removeAll(where: \.isOver)
            if polls[1].revents != 0 { accept(into: &connections, now) }
        }
        for connection in connections { connection.close() }
        isClosed.withLock { isClosed in
            isClosed = true
            for descriptor in [socket, ending.read, ending.write] { close(descriptor) }
        }
    }

    private func accept(into connections: inout [StatusConnection], _ now: ContinuousClock.Instant) {
        for _ in 0..<Self.mostConnections {
            let client = Glibc.accept(socket, nil, nil)
            guard client >= 0 else {
                // There are no descriptors left. A short pause prevents the loop from spinning.
                if errno == EMFILE || errno == ENFILE { usleep(100_000) }
                return
            }
            _ = fcntl(client, F_SETFD, FD_CLOEXEC)
            _ = fcntl(client, F_SETFL, O_NONBLOCK)
            if connections.count >= Self.mostConnections { connections.removeFirst().close() }
            connections.append(StatusConnection(descriptor: client, deadline: now + Self.deadline))
        }
    }
}
