import Foundation
import Ledger

extension Doctor {
    /// Checks that the ledger can be read and written, or created if there is none.
    func ledger() -> Finding {
        guard let path = setup.ledgerPath else { return .notTried("ledger", "no place for it is known") }
        do {
            guard try LedgerDatabase.checkPlace(path) else {
                return .ok("ledger", "\(path) does not exist yet; the worker makes it")
            }
            let count = try LedgerReader(path: path).count(matching: EventFilter())
            return .ok("ledger", "\(path) with \(count) events")
        } catch let error as LedgerError {
            return .problem("ledger", "\(error)", fix: Self.fix(of: error))
        } catch {
            return .problem("ledger", "\(error)", fix: "choose another --ledger")
        }
    }

    private static func fix(of error: LedgerError) -> String {
        switch error {
        case .notAccessible: "give the worker's user the file and its folder, or choose another --ledger"
        case .failed: "make room on the disk, or choose another --ledger"
        case .busy: "stop what holds the ledger open"
        default: "choose another --ledger, or restore this one"
        }
    }
}
