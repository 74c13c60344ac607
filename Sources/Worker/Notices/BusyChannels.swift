import Synchronization

/// The channels that are sending now. Each has one task.
final class BusyChannels: Sendable {
    /// For each channel, by name: true if there is more to send since its task last looked.
    private let more = Mutex<[String: Bool]>([:])

    /// Notes that there is something to send.
    ///
    /// - Returns: True if the channel has no task, so that the caller must start one.
    func begin(_ name: String) -> Bool {
        more.withLock { more in
            guard more[name] == nil else {
                more[name] = true
                return false
            }
            more[name] = false
            return true
        }
    }

    /// Ends a channel's task, unless there is more to send.
    ///
    /// - Returns: True if the task must go on.
    func end(_ name: String) -> Bool {
        more.withLock { more in
            guard more[name] == true, !Task.isCancelled else {
                more[name] = nil
                return false
            }
            more[name] = false
            return true
        }
    }
}
