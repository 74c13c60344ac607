import AWSClient
import SecurityGroups

/// Calls to the shared table. Each call has a time limit. While the table is out, no call is made and nobody waits.
struct TableCalls: Sendable {
    let client: DynamoDBClient
    let table: String
    let lane: Lane
    let lanes: Lanes
    /// The clock for the time limit.
    let watchdog: WorkerClock

    /// The longest time of a call with its retries. A message waits no longer than this.
    static let bound: Duration = .seconds(2)

    /// Makes a call.
    ///
    /// - Returns: The answer; nil if the table is out, or if the call fails. A call that fails makes the table count as out.
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

    /// Writes under a condition; nil if the table is out.
    func write(_ write: DynamoDBWrite) async throws -> DynamoDBWriteResult? {
        try await self { client, table in
            let result = try await client.write(write, table: table)
            // Not every implementation says what stands there.
            guard case .refused(nil) = result, let key = write.key else { return result }
            return .refused(existing: try await client.getItem(table: table, key: key))
        }
    }

    /// Reads an item; nil if the table is out. The inner optional is nil if the table does not have the item.
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
