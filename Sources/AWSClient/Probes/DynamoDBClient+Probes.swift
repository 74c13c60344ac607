/// The description of a table, as far as a check needs it.
package struct DescribedTable: Hashable, Sendable {
    /// `ACTIVE`, `CREATING`, …
    package let status: String
    /// The attributes of the key with their types, the partition key first: `pk S`.
    package let key: [String]
}

extension DynamoDBClient {
    /// Describes a table.
    package func describe(_ table: String) async throws -> DescribedTable {
        let answer = try await call("DescribeTable", table) { $0.member("TableName", table) }
        guard let description = answer["Table"], let status = description["TableStatus"]?.string else {
            throw client.unreadable("DescribeTable", "there is no TableStatus")
        }
        let types = (description["AttributeDefinitions"]?.elements ?? []).reduce(into: [String: String]()) {
            guard let name = $1["AttributeName"]?.string else { return }
            $0[name] = $1["AttributeType"]?.string
        }
        let key = (description["KeySchema"]?.elements ?? []).sorted { first, _ in first["KeyType"]?.string == "HASH" }
        return DescribedTable(
            status: status,
            key: key.compactMap { $0["AttributeName"]?.string }.map { "\($0) \(types[$0] ?? "?")" }
        )
    }

    /// The attribute by which DynamoDB removes what has expired; nil where the table keeps everything.
    package func timeToLiveAttribute(of table: String) async throws -> String? {
        let answer = try await call("DescribeTimeToLive", table) { $0.member("TableName", table) }
        let description = answer["TimeToLiveDescription"]
        guard ["ENABLED", "ENABLING"].contains(description?["TimeToLiveStatus"]?.string) else { return nil }
        return description?["AttributeName"]?.string
    }

    /// Asks whether items may be read.
    package func probeRead(_ table: String) async -> ProbeAnswer {
        await ProbeAnswer.of(expecting: []) { _ = try await getItem(table: table, key: ["pk": .string("probe")]) }
    }

    /// Asks whether items may be written, with a write whose condition never holds.
    package func probeWrite(_ write: DynamoDBWrite, table: String) async -> ProbeAnswer {
        await ProbeAnswer.of(expecting: []) { _ = try await self.write(write, table: table) }
    }
}
