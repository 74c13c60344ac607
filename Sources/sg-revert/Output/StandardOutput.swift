import Foundation
import Synchronization

/// Standard output, written in large pieces. On a terminal each text is written at once.
enum StandardOutput {
    private static let buffer = Mutex<[UInt8]>([])
    /// The action to take when nothing more can be written; nil ends the program.
    private static let closing = Mutex<(@Sendable () -> Void)?>(nil)
    /// True once a text could not be written, for another reason than that its reader has ended.
    private static let failed = Atomic(false)
    /// True if stdout is a terminal.
    static let isTerminal = isatty(STDOUT_FILENO) == 1

    /// Writes a text unchanged.
    static func write(_ text: String) {
        buffer.withLock { bytes in
            bytes += text.utf8
            if isTerminal || bytes.count >= 1 << 16 { drain(&bytes) }
        }
    }

    /// Lets the program go on when nothing more can be written, because the reader has ended or the disk is full: `action` is
    /// called, and later text is dropped.
    static func whenClosed(_ action: @escaping @Sendable () -> Void) {
        closing.withLock { $0 = action }
    }

    /// Writes the text that is still held back.
    static func flush() {
        buffer.withLock { drain(&$0) }
    }

    /// True if a text was lost for another reason than that its reader has ended.
    static var hasFailed: Bool { failed.load(ordering: .acquiring) }

    /// Writes the bytes. If that is not possible, the program ends, unless `whenClosed` was called.
    private static func drain(_ bytes: inout [UInt8]) {
        var rest = bytes[...]
        bytes = []
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                // Whoever started the program made the stream one that does not block.
                waitForRoom()
            } else if errno == EPIPE {
                return end(exitCode: 0)
            } else if errno != EINTR {
                let reason = String(cString: strerror(errno))
                if !failed.exchange(true, ordering: .acquiringAndReleasing) {
                    complain("cannot write to standard output: \(reason)")
                }
                return end(exitCode: 1)
            }
        }
    }

    private static func waitForRoom() {
        var request = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
        _ = poll(&request, 1, -1)
    }

    private static func end(exitCode: Int32) {
        guard let action = closing.withLock(\.self) else { endProcess(exitCode) }
        action()
    }
}
