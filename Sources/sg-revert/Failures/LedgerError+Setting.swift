import Ledger

extension LedgerError {
    /// True where the setting is wrong, so that another start would fail in the same way until somebody changes it.
    var isSetting: Bool {
        switch self {
        case .isDirectory, .notALedger, .fromTheFuture, .networkFileSystem: true
        default: false
        }
    }
}
