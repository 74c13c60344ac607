import Formats

/// Amazon DynamoDB: the reads and conditional writes that hosts share their claims by, in one Region.
package struct DynamoDBClient: Sendable {
    let client: AWSServiceClient

    /// The item under `key`, or nil if there is none. The read is consistent: it sees every write before it.
    package func getItem(table: String, key: DynamoDBItem) async throws -> DynamoDBItem? {
        let answer = try await call("GetItem", table) { writer in
            writer.member("TableName", table)
            writer.member("Key", key)
            writer.member("ConsistentRead", true)
        }
        return DynamoDBValue.item(answer["Item"])
    }

    /// Writes an item if the write's condition holds.
    package func write(_ write: DynamoDBWrite, table: String) async throws -> DynamoDBWriteResult {
        let operation = write.operation
        do {
            let answer = try await call(operation, table) { writer in
                write.write(to: &writer, table: table)
                if operation == "UpdateItem" { writer.member("ReturnValues", "ALL_NEW") }
            }
            return .written(item: DynamoDBValue.item(answer["Attributes"]))
        } catch let error as AWSServiceError where error.isFailedCondition {
            let body = try? JSONTree.parse(error.body)
            return .refused(existing: DynamoDBValue.item(body?["Item"]))
        }
    }

    func call(
        _ operation: String,
        _ table: String,
        _ addMembers: (inout JSONWriter) -> Void
    ) async throws -> JSONTree {
        try await client.json(
            AWSServiceClient.Call(
                operation: operation,
                headers: [
                    "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "DynamoDB_20120810.\(operation)",
                ],
                body: JSONWriter.object(addMembers),
                resource: AWSResource(.table, table),
                timeout: .seconds(5)
            )
        )
    }
}
