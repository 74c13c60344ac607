import GRDB

extension LedgerError {
    /// Translates an error of SQLite about the ledger at `path`. Other errors are returned unchanged.
    static func translate(_ error: any Error, path: String) -> any Error {
        guard let error = error as? DatabaseError else { return error }
        let detail = detail(of: error)
        return switch error.extendedResultCode {
        case .SQLITE_READONLY_ROLLBACK, .SQLITE_READONLY_RECOVERY: LedgerError.needsRecovery(path: path)
        default:
            switch error.resultCode {
            case .SQLITE_BUSY, .SQLITE_LOCKED: LedgerError.busy(path: path)
            case .SQLITE_NOTADB: LedgerError.notALedger(path: path)
            case .SQLITE_CORRUPT: LedgerError.damaged(path: path, detail: detail)
            case .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH:
                LedgerError.notAccessible(path: path, reason: detail)
            default: LedgerError.failed(path: path, detail: detail)
            }
        }
    }

    /// SQLite's words. A failed backup leaves the text of its connection as it is without an error.
    private static func detail(of error: DatabaseError) -> String {
        let words = error.message.flatMap { $0 == "not an error" ? nil : $0 }
        return words ?? "\(error.resultCode)"
    }
}
