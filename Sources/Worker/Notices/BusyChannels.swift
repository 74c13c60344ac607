import Synchronization

/// The channels that are sending now, each by one task.
final class BusyChannels: Sendable {
    /// By a channel's name: whether there is more to send since its task looked last.
    private let more = Mutex<[String: Bool]>([:])

    /// Notes that there is something to send.
    ///
    /// - Returns: whether the channel has no task yet, so that the caller has to start one.
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
    /// - Returns: whether the task has to go on.
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
