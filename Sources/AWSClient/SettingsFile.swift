import Glibc

/// Reads a file of settings, keys or certificates. It never waits, and never reads without end.
///
/// Such a path comes from outside, and it may name a pipe that nobody writes to or a device without an end. Only a regular file
/// is read, and `/dev/null`, with which people disable the shared files.
enum SettingsFile {
    /// The reason why a file is not read.
    enum Failure: Error, Equatable {
        case system(CInt)
        case notRegular
        case tooLarge(limit: Int)
    }

    /// Far more than any list of certificates has.
    static let sizeLimit = 16 << 20

    /// The bytes of the file at `path`; nil if it does not exist.
    static func read(_ path: String, limit: Int = sizeLimit) throws(Failure) -> [UInt8]? {
        // Without O_NONBLOCK, opening a pipe waits for its writer.
        let file = unsafe open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw .system(errno)
        }
        defer { close(file) }
        var status = stat()
        guard unsafe fstat(file, &status) == 0 else { throw .system(errno) }
        if isNullDevice(status) { return [] }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notRegular }
        return try bytes(of: file, limit: limit)
    }

    private static func bytes(of file: CInt, limit: Int) throws(Failure) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = unsafe Glibc.read(file, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .system(errno) }
            if count == 0 { return bytes }
            bytes += buffer[..<count]
            if bytes.count > limit { throw .tooLarge(limit: limit) }
        }
    }

    /// Linux numbers `/dev/null` 1:3.
    private static func isNullDevice(_ status: stat) -> Bool {
        status.st_mode & S_IFMT == S_IFCHR && status.st_rdev == 1 << 8 | 3
    }
}
