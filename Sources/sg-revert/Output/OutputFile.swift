import Foundation

/// Writes files that a command was asked for.
enum OutputFile {
    /// Makes a file with these bytes, or replaces the one that is there as a whole. Only its owner may read it: what the
    /// ledger says is not for everybody.
    ///
    /// - Throws: `RunFailure` where the path names anything but a regular file, or nothing can be written there.
    static func replace(_ path: String, with bytes: [UInt8]) throws(RunFailure) {
        var found = stat()
        // The link itself is looked at: to write through one that somebody else made is to write where they say.
        if lstat(path, &found) == 0, found.st_mode & S_IFMT != S_IFREG {
            throw RunFailure(
                description: "\(path): this is \(kind(found.st_mode)); name a file, or - for standard output"
            )
        }
        let partial = "\(path)-partial-\(getpid())"
        let descriptor = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure(path) }
        defer { unlink(partial) }
        let isWritten = write(bytes, to: descriptor)
        let cause = errno
        guard close(descriptor) == 0, isWritten, rename(partial, path) == 0 else {
            throw failure(path, isWritten ? errno : cause)
        }
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno != EINTR { return false }
            rest = rest.dropFirst(max(count, 0))
        }
        return fsync(descriptor) == 0
    }

    private static func failure(_ path: String, _ code: Int32 = errno) -> RunFailure {
        RunFailure(description: "\(path): cannot be written: \(String(cString: strerror(code)))")
    }

    private static func kind(_ mode: mode_t) -> String {
        switch mode & S_IFMT {
        case S_IFDIR: "a directory"
        case S_IFLNK: "a symbolic link"
        case S_IFIFO: "a pipe"
        case S_IFSOCK: "a socket"
        default: "a device"
        }
    }
}
