import ArgumentParser
import Formats
import Foundation
import Ledger
import Worker

struct ExemptEndCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "end",
        abstract: "End a temporary exemption now.",
        discussion:
            "One that is in the table that hosts share ends on every host with --claims, and without it in this ledger alone."
    )

    @Argument(help: "The exemption's id.")
    var id: String

    @OptionGroup var ledger: LedgerOptions
    @OptionGroup var shared: FleetTableOptions
    @OptionGroup var config: ConfigOptions

    func run() async throws {
        let settings = try config.settings()
        let path = try ledger.path(settings)
        let (id, person) = (id, personName())
        let table = try await shared.exemptions(settings)
        var inTable: TemporaryExemption?
        var failure: (any Error)?
        do {
            inTable = try await table?.end(id, by: person)
        } catch {
            failure = error
        }
        let time = inTable?.endedAt
        // A machine that runs no worker has no ledger, and may end what is in the table.
        let isThere = table == nil || FileManager.default.fileExists(atPath: path)
        let inLedger = try await asking {
            guard isThere else { return TemporaryExemption?.none }
            let ledger = try LedgerDatabase.existing(at: path, by: person)
            return try await ledger.write { try $0.endExemption(id, by: person, at: time) }
        }
        if inTable == nil, inLedger == nil {
            throw RunFailure(
                description: failure.map(errorText)
                    ?? "there is no exemption \(plainText(id)) that has not ended; see sg-revert exempt list"
            )
        }
        StandardOutput.write("ended \(id)\n")
        if let failure {
            throw RunFailure(
                description:
                    "\(id) ended in this ledger alone; run it again once the table answers: \(errorText(failure))"
            )
        }
        if table == nil, inLedger?.sharedAt != nil {
            throw RunFailure(
                description:
                    "\(id) ended in this ledger alone; the table that hosts share has it, too: run it again with --claims"
            )
        }
    }
}
