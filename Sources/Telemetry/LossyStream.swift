import Formats
import Foundation
import Synchronization

/// Writes `bytes` to stderr. They are dropped if there is no stderr, or while nobody reads it.
package func writeToStandardError(_ bytes: [UInt8]) {
    LossyStream.errors.write(bytes)
}

/// Writes `bytes` to stdout. They are dropped if there is no stdout, or while nobody reads it.
package func writeToStandardOutput(_ bytes: [UInt8]) {
    LossyStream.output.write(bytes)
}

/// A stream that never blocks its writer for long, and drops lines instead.
///
/// A pipe that nobody reads blocks its writer for ever. A worker must go on reverting, and must be able to stop.
final class LossyStream: Sendable {
    static let errors = LossyStream(descriptor: STDERR_FILENO, lossNote: "because nobody read stderr")
    /// Its lines are for programs, which a note would confuse.
    static let output = LossyStream(descriptor: STDOUT_FILENO)

    private struct State {
        /// The number of lines that were dropped since the last line was written.
        var lost = 0
    }

    private let descriptor: Int32
    private let lossNote: String?
    private let patience: Duration
    private let state = Mutex(State())

    /// - Parameters:
    ///   - lossNote: The end of the line that tells how many lines were dropped before it; nil for no such line.
    ///   - patience: How long a line waits for a reader. A line after a dropped one does not wait.
    init(descriptor: Int32, lossNote: String? = nil, patience: Duration = .seconds(1)) {
        self.descriptor = descriptor
        self.lossNote = lossNote
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
                if let lossNote { _ = put(Array("sg-revert: \(state.lost) lines were lost, \(lossNote)\n".utf8)[...]) }
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
                // There is no such stream, its reader has ended, or its disk is full. The line is dropped without being counted.
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
