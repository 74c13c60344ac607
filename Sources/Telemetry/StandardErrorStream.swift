import Formats
import Foundation
import Synchronization

/// Writes `bytes` to stderr. They are dropped if there is no stderr, or while nobody reads it.
package func writeToStandardError(_ bytes: [UInt8]) {
    StandardErrorStream.shared.write(bytes)
}

/// Standard error as a stream that never blocks its writer for long.
///
/// A pipe that nobody reads blocks its writer for ever. A worker must go on reverting, and must be able to stop.
final class StandardErrorStream: Sendable {
    static let shared = StandardErrorStream(descriptor: STDERR_FILENO)

    private struct State {
        /// The number of lines that were dropped since the last line was written.
        var lost = 0
    }

    private let descriptor: Int32
    private let patience: Duration
    private let state = Mutex(State())

    /// - Parameter patience: How long a line waits for a reader. A line after a dropped one does not wait.
    init(descriptor: Int32, patience: Duration = .seconds(1)) {
        self.descriptor = descriptor
        self.patience = patience
    }

    /// Writes a line, or drops it.
    func write(_ bytes: [UInt8]) {
        state.withLock { state in
            if state.lost > 0 {
                guard isWritable(within: .zero) else {
                    state.lost += 1
                    return
                }
                _ = put(Array("sg-revert: \(state.lost) lines were lost, because nobody read stderr\n".utf8)[...])
                state.lost = 0
            }
            if !put(bytes[...]) { state.lost += 1 }
        }
    }

    /// Writes in pieces that a pipe with room accepts as a whole.
    private func put(_ bytes: ArraySlice<UInt8>) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            guard isWritable(within: patience) else { return false }
            let piece = rest.prefix(Int(PIPE_BUF))
            let count = piece.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR, errno != EAGAIN {
                // There is no stderr, or its reader has ended. The line is dropped without being counted.
                return true
            }
        }
        return true
    }

    private func isWritable(within limit: Duration) -> Bool {
        var poller = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        let milliseconds = Int32(limit / .milliseconds(1))
        var result = poll(&poller, 1, milliseconds)
        while result < 0, errno == EINTR { result = poll(&poller, 1, milliseconds) }
        return result != 0
    }
}
