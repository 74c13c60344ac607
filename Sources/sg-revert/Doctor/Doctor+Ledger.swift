import Foundation
import Ledger

extension Doctor {
    /// Whether the ledger can be read and written, or made where there is none yet.
    func ledger() -> Finding {
        let files = FileManager.default
        guard files.fileExists(atPath: ledgerPath) else {
            var folder = URL(fileURLWithPath: ledgerPath).deletingLastPathComponent()
            while !files.fileExists(atPath: folder.path), folder.path != "/" { folder.deleteLastPathComponent() }
            guard files.isWritableFile(atPath: folder.path) else {
                let detail = "\(ledgerPath) does not exist, and \(folder.path) cannot be written to"
                return .problem("ledger", detail, fix: "set --ledger, or give the worker the folder")
            }
            return .ok("ledger", "\(ledgerPath) is going to be made")
        }
        do {
            let reader = try LedgerReader(path: ledgerPath)
            let count = try reader.count(matching: EventFilter())
            guard files.isWritableFile(atPath: ledgerPath) else {
                return .problem("ledger", "\(ledgerPath) cannot be written to", fix: "give the worker the file")
            }
            return .ok("ledger", "\(ledgerPath) with \(count) events")
        } catch {
            return .problem("ledger", "\(error)", fix: "choose another --ledger, or restore this one")
        }
    }
}
