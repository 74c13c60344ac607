import AWSClient
import SecurityGroups

/// Calls to the shared table, each within a bound. While the table is out, no call is made and nobody waits.
struct TableCalls: Sendable {
    let client: DynamoDBClient
    let table: String
    let lane: Lane
    let lanes: Lanes
    /// The clock of the bound.
    let watchdog: WorkerClock

    /// The longest that a call may hold up a message, its retries included.
    static let bound: Duration = .seconds(2)

    /// Makes a call; nil where the table is out, or where the call fails, which makes it so.
    func callAsFunction<Answer: Sendable>(
        _ call: @escaping @Sendable (DynamoDBClient, _ table: String) async throws -> Answer
    ) async throws -> Answer? {
        try await lanes.attempt(lane) {
            // A process that was paused finds only one of the steps over when it wakes up. So a table that works is not taken for one
            // that is slow.
            try await watchdog.within(Self.bound, steps: 8, orThrow: TableTooSlow(table: table)) {
                try await call(client, table)
            }
        }
    }

    /// Writes under a condition; nil where the table is out.
    func write(_ write: DynamoDBWrite) async throws -> DynamoDBWriteResult? {
        try await self { client, table in
            let result = try await client.write(write, table: table)
            // Not every implementation says what stands there.
            guard case .refused(nil) = result, let key = write.key else { return result }
            return .refused(existing: try await client.getItem(table: table, key: key))
        }
    }

    /// Reads an item; nil where the table is out, and nothing in it where there is none.
    func read(_ key: DynamoDBItem) async throws -> DynamoDBItem?? {
        try await self { client, table in try await client.getItem(table: table, key: key) }
    }
}

extension DynamoDBWrite {
    /// The key of an update.
    fileprivate var key: DynamoDBItem? {
        if case .update(let key, _) = action { key } else { nil }
    }
}

/// The shared table did not answer in time.
struct TableTooSlow: Error, CustomStringConvertible {
    let table: String

    var description: String { "table \(table) did not answer within \(TableCalls.bound.components.seconds) s" }
}
