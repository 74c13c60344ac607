package import AWSClient
package import Foundation
package import SecurityGroups

/// The events in the table of a fleet, as a person's command reads them.
package struct EventTable: Sendable {
    /// The end of an event.
    package struct Ending: Hashable, Sendable {
        package let outcome: EventOutcome
        /// The worker whose run ended last.
        package let worker: String
        /// The time of the end, by the clock of the worker's host.
        package let finishedAt: Date?
    }

    private let client: DynamoDBClient
    /// The table's name.
    package let name: String

    package init(client: DynamoDBClient, name: String) {
        self.client = client
        self.name = name
    }

    /// The end of an event; nil if the table knows none.
    package func ending(of eventID: String) async throws -> Ending? {
        guard let item = try await client.getItem(table: name, key: SharedKey.event(eventID)),
            let record = SharedRecord(item), record.leaseUntil == nil, let outcome = record.outcome
        else { return nil }
        return Ending(
            outcome: outcome,
            worker: item["owner"]?.string ?? "",
            finishedAt: item["finished_at"]?.integer.map { Date(timeIntervalSince1970: Double($0) / 1000) }
        )
    }
}
