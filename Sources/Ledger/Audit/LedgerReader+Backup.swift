import Foundation
import GRDB
import Glibc

extension LedgerReader {
    /// Copies the ledger to `path` while workers write, through SQLite's backup interface, and verifies the copy.
    ///
    /// The copy is made in one step, because in several steps a busy worker would make it start again and again.
    /// Workers wait meanwhile, some seconds for a gigabyte. The file gets its name only after it was verified.
    ///
    /// - Throws: `LedgerError`, `AuditFinding`.
    package func backup(to path: String) throws -> AuditVerification {
        let path = URL(fileURLWithPath: path).path
        guard !FileManager.default.fileExists(atPath: path) else { throw LedgerError.exists(path: path) }
        let partial = "\(path)-partial-\(getpid())"
        defer { unsafe unlink(partial) }
        guard unsafe mknod(partial, S_IFREG | 0o600, 0) == 0 else {
            throw unsafe LedgerError.notAccessible(path: path, reason: String(cString: strerror(errno)))
        }
        do {
            let copy = try DatabaseQueue(path: partial)
            try queue.backup(to: copy)
            try copy.inDatabase { db in
                let answer = try String.fetchOne(db, sql: "PRAGMA integrity_check(1)")
                guard answer == "ok" else { throw AuditFinding.damaged(detail: answer ?? "no answer") }
            }
            try copy.close()
        } catch {
            throw LedgerError.translate(error, path: path)
        }
        let verification = try LedgerReader(path: partial).verify()
        if let finding = verification.findings.first { throw finding }
        // A link fails if the path exists by now. A rename would replace the file.
        guard unsafe link(partial, path) == 0 else {
            throw unsafe LedgerError.notAccessible(path: path, reason: String(cString: strerror(errno)))
        }
        return verification
    }
}
