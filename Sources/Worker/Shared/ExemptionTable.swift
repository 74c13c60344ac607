package import AWSClient
package import Foundation
package import Ledger

/// The temporary exemptions in the table of a fleet, as a person's command reads and writes them.
///
/// A worker goes on without the table. A command does not: each error of the table is thrown.
package struct ExemptionTable: Sendable {
    private let client: DynamoDBClient
    /// The table's name.
    package let name: String
    private let now: @Sendable () -> Date

    /// The number of tries of a write. A try fails if another command has written since the read.
    private static let tries = 8

    package init(client: DynamoDBClient, name: String, now: @escaping @Sendable () -> Date) {
        self.client = client
        self.name = name
        self.now = now
    }

    /// Reads all temporary exemptions of the table.
    package func read() async throws -> SharedExemptions {
        SharedExemptions(try await client.getItem(table: name, key: SharedExemptions.key))
    }

    /// Adds an exemption. Every host judges by it from the next event on that it receives.
    ///
    /// - Throws: `ExemptionTableError`, or the error of DynamoDB.
    package func add(_ exemption: TemporaryExemption) async throws {
        for _ in 0..<Self.tries {
            let found = try await read()
            // The answer to the last write was lost.
            if found.exemptions.contains(where: { $0.id == exemption.id }) { return }
            guard let write = found.adding(exemption, now: now()) else { throw ExemptionTableError.full(name) }
            if case .written = try await client.write(write, table: name) { return }
        }
        throw ExemptionTableError.busy(name)
    }

    /// Ends an exemption now.
    ///
    /// - Returns: The exemption; nil if the table has none with this id, or if it has ended.
    /// - Throws: `ExemptionTableError`, or the error of DynamoDB.
    package func end(_ id: String, by person: String) async throws -> TemporaryExemption? {
        var written: TemporaryExemption?
        for _ in 0..<Self.tries {
            let (found, now) = (try await read(), now())
            guard let (write, exemption) = found.ending(id, by: person, now: now) else {
                // Either the answer to the last write was lost, or somebody else was first; the end is the same.
                return written == nil ? nil : found.exemptions.first { $0.id == id }
            }
            if case .written = try await client.write(write, table: name) { return exemption }
            written = exemption
        }
        throw ExemptionTableError.busy(name)
    }
}

/// The reason why the table did not take an exemption.
package enum ExemptionTableError: Error, CustomStringConvertible {
    /// The table has as many exemptions as it has room for.
    case full(String)
    /// Other commands wrote before every try.
    case busy(String)

    package var description: String {
        switch self {
        case .full(let table):
            "table \(table) has \(SharedExemptions.limit) exemptions that hold, and room for no more: end some of them first"
        case .busy(let table):
            "others write to the exemptions of table \(table) all the time: try again"
        }
    }
}
