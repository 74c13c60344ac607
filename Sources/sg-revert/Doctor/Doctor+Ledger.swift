import Foundation
import Ledger

extension Doctor {
    /// Checks that the ledger can be read and written, or created if there is none.
    func ledger() -> Finding {
        guard let path = setup.ledgerPath else { return .notTried("ledger", "no place for it is known") }
        let files = FileManager.default
        guard files.fileExists(atPath: path) else {
            var folder = URL(fileURLWithPath: path).deletingLastPathComponent()
            while !files.fileExists(atPath: folder.path), folder.path != "/" { folder.deleteLastPathComponent() }
            guard files.isWritableFile(atPath: folder.path) else {
                let detail = "\(path) does not exist, and \(folder.path) cannot be written to"
                return .problem("ledger", detail, fix: "set --ledger, or give the worker's user the folder")
            }
            return .ok("ledger", "\(path) does not exist yet; the worker makes it")
        }
        do {
            let reader = try LedgerReader(path: path)
            let count = try reader.count(matching: EventFilter())
            guard files.isWritableFile(atPath: path) else {
                return .problem("ledger", "\(path) cannot be written to", fix: "give the worker's user the file")
            }
            return .ok("ledger", "\(path) with \(count) events")
        } catch {
            return .problem("ledger", "\(error)", fix: "choose another --ledger, or restore this one")
        }
    }
}
