import Foundation
import Synchronization

/// Standard output, written in large pieces. On a terminal each text is written at once.
enum StandardOutput {
    private static let buffer = Mutex<[UInt8]>([])
    /// The action to take when the reader has ended; nil ends the program.
    private static let closing = Mutex<(@Sendable () -> Void)?>(nil)
    /// True if stdout is a terminal.
    static let isTerminal = isatty(STDOUT_FILENO) == 1

    /// Writes a text unchanged.
    static func write(_ text: String) {
        buffer.withLock { bytes in
            bytes += text.utf8
            if isTerminal || bytes.count >= 1 << 16 { drain(&bytes) }
        }
    }

    /// Lets the program go on after the reader has ended: `action` is called, and later text is dropped.
    static func whenClosed(_ action: @escaping @Sendable () -> Void) {
        closing.withLock { $0 = action }
    }

    /// Writes the text that is still held back.
    static func flush() {
        buffer.withLock { drain(&$0) }
    }

    /// Writes the bytes. If the reader has ended, the program ends, unless `whenClosed` was called.
    private static func drain(_ bytes: inout [UInt8]) {
        var rest = bytes[...]
        bytes = []
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno == EPIPE {
                guard let action = closing.withLock(\.self) else { _exit(0) }
                action()
                return
            } else if errno != EINTR {
                complain("cannot write to standard output: \(String(cString: strerror(errno)))")
                _exit(1)
            }
        }
    }
}
