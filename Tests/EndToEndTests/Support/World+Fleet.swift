import Foundation
import GRDB

/// A second host: the same queue and table, a ledger of its own.
extension World {
    /// The ledger of the second host.
    var secondLedger: String { folder.appendingPathComponent("two.db").path }

    /// What makes a program the second host.
    var second: [String: String] { ["SG_REVERT_LEDGER": secondLedger] }

    /// The events of which a host tells people or has told them. With `held`, those alone that wait for the table.
    func notices(_ ledger: String, held: Bool = false) throws -> [String] {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(10)
        let condition = held ? "hold IS NOT NULL" : "event_id IS NOT NULL"
        return try DatabaseQueue(path: ledger, configuration: configuration).read {
            try String.fetchAll($0, sql: "SELECT event_id FROM notices WHERE \(condition) ORDER BY event_id")
        }
    }

    /// The events of both hosts, each once, as `audit query` reads several ledgers.
    func fleetEvents() async throws -> [JSON] {
        try await events("--ledger", ledger, "--ledger", secondLedger, "--limit", "0")
    }
}
