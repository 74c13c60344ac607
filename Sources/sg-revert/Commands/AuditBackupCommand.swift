import ArgumentParser
import Ledger

struct AuditBackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Copy the ledger while workers use it, and verify the copy.",
        discussion: """
            By SQLite's own backup interface, so that the copy is one moment of the ledger: a plain copy of the file may catch \
            a write half done. Workers wait meanwhile, some seconds for a gigabyte.
            """
    )

    @Argument(help: "The new file.", completion: .file())
    var file: String

    @OptionGroup var ledger: LedgerOptions
    @OptionGroup var config: ConfigOptions

    func run() async throws {
        let path = try ledger.path(config.settings())
        let found = try await asking { try LedgerReader(path: path).backup(to: file) }
        let head = found.anchor.map { ", head \($0)" } ?? ""
        StandardOutput.write("\(file): \(found.entries) entries, \(found.events) events, verified\(head)\n")
    }
}
