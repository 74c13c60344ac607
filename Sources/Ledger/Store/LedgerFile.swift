import Foundation
import Glibc

/// Checks of the ledger's file before SQLite opens it.
enum LedgerFile {
    /// The identity of a file. A file that takes its place at the same path has another one.
    struct Identity: Hashable {
        fileprivate let device: UInt
        fileprivate let inode: UInt
    }

    /// Creates the file, for its owner alone, and the directories above it, unless they exist.
    static func make(at path: String) throws -> Identity {
        let directory = URL(fileURLWithPath: path).deletingLastPathComponent().path
        do {
            try FileManager.default.createDirectory(
                atPath: directory,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw LedgerError.notAccessible(path: path, reason: "cannot make the directory \(directory)")
        }
        // mknod instead of open: closing a descriptor would drop the locks that SQLite holds on the file in this
        // process.
        guard unsafe mknod(path, S_IFREG | 0o600, 0) == 0 || errno == EEXIST else {
            throw LedgerError.notAccessible(path: path, reason: reason(errno))
        }
        try checkUse(of: path)
        return try identity(of: path)
    }

    /// Refuses a file that this process cannot use as its ledger, without opening it.
    static func checkUse(of path: String) throws {
        try check(path)
        try checkOwner(of: path)
        guard unsafe access(path, R_OK | W_OK) == 0 else {
            throw LedgerError.notAccessible(path: path, reason: reason(errno))
        }
    }

    /// The identity of the file that `path` names now.
    static func identity(of path: String) throws -> Identity {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else {
            if errno == ENOENT || errno == ENOTDIR { throw LedgerError.replaced(path: path) }
            throw LedgerError.notAccessible(path: path, reason: reason(errno))
        }
        return Identity(device: UInt(status.st_dev), inode: UInt(status.st_ino))
    }

    /// Refuses a file that somebody else could change or replace: a link, a file of another user, or one that others
    /// may write.
    private static func checkOwner(of path: String) throws {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else {
            throw LedgerError.notAccessible(path: path, reason: reason(errno))
        }
        let problem: String
        if status.st_mode & S_IFMT == S_IFLNK {
            problem = "it is a symbolic link; name the file itself"
        } else if status.st_uid != geteuid() {
            problem =
                "user \(name(of: status.st_uid)) owns it; run sg-revert as that user, or give the file to \(name(of: geteuid()))"
        } else if status.st_mode & 0o022 != 0 {
            problem = "others may write it; take that away with chmod go-w"
        } else {
            return
        }
        throw LedgerError.notTrusted(path: path, problem: problem)
    }

    private static func name(of user: uid_t) -> String {
        unsafe getpwuid(user).map { unsafe String(cString: $0.pointee.pw_name) } ?? "\(user)"
    }

    /// Opens the file of the write turn. A file that another user left is replaced if the directory allows it, because
    /// only fairness depends on this file.
    static func openTurn(_ path: String) throws -> Int32 {
        for isLastTry in [false, true] {
            let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
            if descriptor >= 0 {
                var status = stat()
                if unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
                    status.st_uid == geteuid(),
                    status.st_mode & 0o022 == 0
                {
                    return descriptor
                }
                close(descriptor)
            }
            let code = descriptor >= 0 ? EPERM : errno
            guard !isLastTry, code == EACCES || code == EPERM || code == ELOOP, unsafe unlink(path) == 0 else {
                guard code == EACCES || code == EPERM || code == ELOOP else {
                    throw LedgerError.notAccessible(path: path, reason: reason(code))
                }
                throw LedgerError.notTrusted(
                    path: path,
                    problem: "it is another user's, or others may write it; remove it, sg-revert makes it anew"
                )
            }
        }
        throw LedgerError.notAccessible(path: path, reason: "it cannot be opened")
    }

    /// Refuses a path that cannot be a ledger, without opening it.
    static func check(_ path: String) throws {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else {
            guard errno == ENOENT || errno == ENOTDIR else {
                throw LedgerError.notAccessible(path: path, reason: reason(errno))
            }
            throw LedgerError.missing(path: path)
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFDIR: throw LedgerError.isDirectory(path: path)
        default: throw LedgerError.notALedger(path: path)
        }
        let mounts = (try? String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8)) ?? ""
        guard !isOnNetwork(device: status.st_dev, mounts: mounts) else {
            throw LedgerError.networkFileSystem(path: path)
        }
    }

    /// True if `device` is the mount of a file system that other hosts can write, too.
    ///
    /// - Parameter mounts: Linux's `mountinfo`, whose lines have the device in the third field and the type after a
    ///   lone hyphen.
    static func isOnNetwork(device: UInt, mounts: String) -> Bool {
        let major = (device >> 8) & 0xFFF | (device >> 32) & ~0xFFF
        let minor = device & 0xFF | (device >> 12) & ~0xFF
        return mounts.split(separator: "\n").contains { line in
            let fields = line.split(separator: " ")
            guard fields.count > 2, fields[2] == "\(major):\(minor)", let hyphen = fields.firstIndex(of: "-") else {
                return false
            }
            return networkFileSystems.contains(String(fields[(hyphen + 1)...].first ?? ""))
        }
    }

    /// Refuses a folder in which SQLite could not make its journal, or whose disk is full.
    static func checkFolder(_ folder: String, of path: String) throws {
        var status = stat()
        guard unsafe stat(folder, &status) == 0 else {
            throw LedgerError.notAccessible(path: path, reason: "\(folder): \(reason(errno))")
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw LedgerError.notAccessible(path: path, reason: "\(folder) is no folder")
        }
        guard unsafe access(folder, W_OK | X_OK) == 0 else {
            throw LedgerError.notAccessible(path: path, reason: "the folder \(folder) cannot be written to")
        }
        var room = statvfs()
        guard unsafe statvfs(folder, &room) == 0, room.f_bavail * UInt(room.f_frsize) < leastRoom else { return }
        throw LedgerError.failed(path: path, detail: "database or disk is full")
    }

    /// A new ledger, or the journal of a large write, fits into this many bytes.
    private static let leastRoom: UInt = 512 * 1024

    private static let networkFileSystems: Set = [
        "nfs", "nfs4", "cifs", "smb3", "smbfs", "ceph", "afs", "lustre", "gfs2", "ocfs2", "fuse.sshfs", "fuse.s3fs",
        "fuse.glusterfs", "fuse.ceph",
    ]

    private static func reason(_ code: Int32) -> String {
        unsafe String(cString: strerror(code))
    }
}
