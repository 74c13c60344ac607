import Foundation
import Glibc

/// The file under the ledger, before SQLite opens it.
enum LedgerFile {
    /// Makes the file, for its owner alone, and the directories above it, unless they are there.
    static func make(at path: String) throws {
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
        // mknod rather than open: closing a descriptor would drop the locks that SQLite holds on the file in this
        // process.
        guard mknod(path, S_IFREG | 0o600, 0) == 0 || errno == EEXIST else {
            throw LedgerError.notAccessible(path: path, reason: reason(errno))
        }
        try check(path)
        guard access(path, R_OK | W_OK) == 0 else {
            throw LedgerError.notAccessible(path: path, reason: reason(errno))
        }
    }

    /// Refuses what cannot be a ledger, without opening it.
    static func check(_ path: String) throws {
        var status = stat()
        guard stat(path, &status) == 0 else {
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

    /// Whether `device` is the mount of a file system that other hosts can write too.
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

    private static let networkFileSystems: Set = [
        "nfs", "nfs4", "cifs", "smb3", "smbfs", "ceph", "afs", "lustre", "gfs2", "ocfs2", "fuse.sshfs", "fuse.s3fs",
        "fuse.glusterfs", "fuse.ceph",
    ]

    private static func reason(_ code: Int32) -> String {
        String(cString: strerror(code))
    }
}
