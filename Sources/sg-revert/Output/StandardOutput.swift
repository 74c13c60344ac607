import Foundation
import Synchronization

/// Standard output, gathered into large writes; on a terminal each text shows at once.
enum StandardOutput {
    private static let buffer = Mutex<[UInt8]>([])
    /// What is done once the reader has gone; nil ends the program then.
    private static let closing = Mutex<(@Sendable () -> Void)?>(nil)
    /// Whether people watch.
    static let isTerminal = isatty(STDOUT_FILENO) == 1

    /// Writes the text as it is.
    static func write(_ text: String) {
        buffer.withLock { bytes in
            bytes += text.utf8
            if isTerminal || bytes.count >= 1 << 16 { drain(&bytes) }
        }
    }

    /// Lets the program go on once the reader has gone: `action` is called, and further text is dropped.
    static func whenClosed(_ action: @escaping @Sendable () -> Void) {
        closing.withLock { $0 = action }
    }

    /// Writes what is still held back.
    static func flush() {
        buffer.withLock { drain(&$0) }
    }

    /// A reader that is gone ends the program, unless `whenClosed` says otherwise: nobody is left to do the rest for.
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
