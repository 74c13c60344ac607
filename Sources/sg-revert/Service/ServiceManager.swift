import Foundation

/// Tells a service manager about the worker's state, over the datagram socket that systemd names in `NOTIFY_SOCKET`.
struct ServiceManager: Sendable {
    private let path: String
    /// The time between two watchdog messages; nil if the manager wants none.
    let watchdogInterval: Duration?

    /// Nil if no service manager listens.
    init?(environment: [String: String], processID: Int32 = ProcessInfo.processInfo.processIdentifier) {
        guard let path = environment["NOTIFY_SOCKET"], path.hasPrefix("/") || path.hasPrefix("@") else { return nil }
        self.path = path
        let isForUs = environment["WATCHDOG_PID"].map { $0 == "\(processID)" } ?? true
        watchdogInterval = environment["WATCHDOG_USEC"].flatMap { Int64($0) }.flatMap {
            // Twice as often as the manager demands, as sd_notify(3) recommends.
            isForUs && $0 > 0 ? .microseconds($0 / 2) : nil
        }
    }

    /// The worker polls.
    func ready() { send("READY=1") }

    /// The worker is about to end.
    func stopping() { send("STOPPING=1") }

    /// Sends watchdog messages while `isAlive` returns true, until the task is cancelled.
    func keepWatch(isAlive: @Sendable () -> Bool) async {
        guard let watchdogInterval else { return }
        while (try? await Task.sleep(for: watchdogInterval)) != nil {
            if isAlive() { send("WATCHDOG=1") }
        }
    }

    /// Sends a message. An error is ignored, because reverting must go on. For the same reason a manager that does not read its
    /// socket is not waited for.
    private func send(_ state: String) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // A name that begins with @ is an abstract socket, whose name begins with NUL.
        let name = (path.hasPrefix("@") ? [0] + path.utf8.dropFirst() : Array(path.utf8))
        guard name.count < MemoryLayout.size(ofValue: address.sun_path) else { return }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let message = Array(state.utf8)
        let length = socklen_t(MemoryLayout.size(ofValue: address.sun_family) + name.count)
        withUnsafePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                _ = sendto(descriptor, message, message.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT), address, length)
            }
        }
    }
}
