import Foundation
import Synchronization
import Testing

@testable import sg_revert

/// A service manager's end of the socket.
private final class NotifySocket {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("notify-\(UUID().uuidString.prefix(8))")
        .path
    private let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)

    init() {
        let bound = withAddress { bind(descriptor, $0, $1) }
        precondition(bound == 0, "a fresh path can be bound")
    }

    private func withAddress<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        return withUnsafePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    deinit {
        close(descriptor)
        unlink(path)
    }

    /// Sends messages until there is no room for more, from several sockets, because each may have only some under way.
    func fill() {
        for _ in 0..<8 {
            let sender = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
            defer { close(sender) }
            while withAddress({ sendto(sender, [1], 1, Int32(MSG_DONTWAIT), $0, $1) }) == 1 {}
        }
    }

    /// The next message, which has been sent already.
    func next() -> String? {
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        return count < 0 ? nil : String(decoding: buffer.prefix(count), as: UTF8.self)
    }
}

@Suite struct ServiceManagerTests {
    @Test func `says that the worker is ready, and that it stops`() throws {
        let socket = NotifySocket()
        let manager = try #require(ServiceManager(environment: ["NOTIFY_SOCKET": socket.path], processID: 1))
        manager.ready()
        manager.stopping()
        #expect(socket.next() == "READY=1")
        #expect(socket.next() == "STOPPING=1")
        #expect(socket.next() == nil)
    }

    @Test func `says that all is well while it is, and nothing otherwise`() async throws {
        let socket = NotifySocket()
        let environment = ["NOTIFY_SOCKET": socket.path, "WATCHDOG_USEC": "2000", "WATCHDOG_PID": "7"]
        let manager = try #require(ServiceManager(environment: environment, processID: 7))
        // Alive once, then no more; the second question shows that the first was answered.
        let (asked, question) = AsyncStream.makeStream(of: Void.self)
        let isFirst = Flag(true)
        let watch = Task {
            await manager.keepWatch {
                question.yield()
                return isFirst.exchange(false)
            }
        }
        var questions = 0
        for await _ in asked {
            questions += 1
            if questions == 3 { break }
        }
        watch.cancel()
        await watch.value
        #expect(socket.next() == "WATCHDOG=1")
        #expect(socket.next() == nil)
    }

    @Test func `does not wait for a manager that does not read`() throws {
        let socket = NotifySocket()
        let manager = try #require(ServiceManager(environment: ["NOTIFY_SOCKET": socket.path], processID: 1))
        socket.fill()
        manager.stopping()
        while let message = socket.next() { #expect(message != "STOPPING=1") }
    }

    @Test func `is not there without a socket, and keeps no watch that is another process's`() {
        #expect(ServiceManager(environment: [:], processID: 1) == nil)
        #expect(ServiceManager(environment: ["NOTIFY_SOCKET": "relative"], processID: 1) == nil)
        let environment = ["NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "2000", "WATCHDOG_PID": "7"]
        #expect(ServiceManager(environment: environment, processID: 8)?.watchdogInterval == nil)
        #expect(ServiceManager(environment: environment, processID: 7)?.watchdogInterval == .milliseconds(1))
    }
}

/// A flag that a closure of any task may turn.
private final class Flag: Sendable {
    private let value: Mutex<Bool>

    init(_ value: Bool) {
        self.value = Mutex(value)
    }

    func exchange(_ new: Bool) -> Bool {
        value.withLock { old in
            defer { old = new }
            return old
        }
    }
}
