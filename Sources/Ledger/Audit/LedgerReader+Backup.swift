import Foundation
import GRDB
import Glibc

extension LedgerReader {
    /// Copies the ledger to `path` while workers write it, by SQLite's own backup interface, and verifies the copy.
    ///
    /// One step, since in several a busy worker would make it begin again for ever; workers wait meanwhile, some seconds
    /// for a gigabyte. The copy has its name only once it is whole and verified.
    ///
    /// - Throws: `LedgerError`, `AuditFinding`.
    package func backup(to path: String) throws -> AuditVerification {
        let path = URL(fileURLWithPath: path).path
        guard !FileManager.default.fileExists(atPath: path) else { throw LedgerError.exists(path: path) }
        let partial = "\(path)-partial-\(getpid())"
        defer { unlink(partial) }
        guard mknod(partial, S_IFREG | 0o600, 0) == 0 else {
            throw LedgerError.notAccessible(path: path, reason: String(cString: strerror(errno)))
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
        // A link, which unlike a rename replaces nothing that has come meanwhile.
        guard link(partial, path) == 0 else {
            throw LedgerError.notAccessible(path: path, reason: String(cString: strerror(errno)))
        }
        return verification
    }
}
