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

    /// How often a write is tried that another command gets ahead of.
    private static let tries = 8

    package init(client: DynamoDBClient, name: String, now: @escaping @Sendable () -> Date) {
        self.client = client
        self.name = name
        self.now = now
    }

    /// Reads what the table has.
    package func read() async throws -> SharedExemptions {
        SharedExemptions(try await client.getItem(table: name, key: SharedExemptions.key))
    }

    /// Adds an exemption. Every host judges by it from the next event on that it receives.
    ///
    /// - Throws: `ExemptionTableError`, or what DynamoDB answered.
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
    /// - Returns: the exemption; nil where the table has none of this id, or it has ended.
    /// - Throws: `ExemptionTableError`, or what DynamoDB answered.
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

/// Why the table did not take an exemption.
package enum ExemptionTableError: Error, CustomStringConvertible {
    case full(String)
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
