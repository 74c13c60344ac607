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
        let operation = write.operation.alone
        do {
            let answer = try await call(operation, table) { writer in
                write.write(to: &writer, table: table)
                if operation == "UpdateItem" { writer.member("ReturnValues", "ALL_NEW") }
            }
            return .written(item: DynamoDBValue.item(answer["Attributes"]))
        } catch let error as AWSServiceError where error.code == "ConditionalCheckFailedException" {
            let body = try? JSONTree.parse(error.body)
            return .refused(existing: DynamoDBValue.item(body?["Item"]))
        }
    }

    /// Writes all items (at most 100) or none.
    ///
    /// - Parameter token: 1–36 characters. DynamoDB answers a second call with the same token and content within ten
    ///   minutes as it answered the first, so that a retry does nothing twice.
    package func transact(
        _ writes: [DynamoDBWrite],
        table: String,
        token: String
    ) async throws -> DynamoDBTransactionResult {
        do {
            _ = try await call("TransactWriteItems", table) { writer in
                writer.name("TransactItems")
                writer.array { writer in
                    for write in writes {
                        writer.object { writer in
                            writer.name(write.operation.inTransaction)
                            writer.object { write.write(to: &$0, table: table) }
                        }
                    }
                }
                writer.member("ClientRequestToken", token)
            }
            return .written
        } catch let error as AWSServiceError where error.code == "TransactionCanceledException" {
            let reasons = (try? JSONTree.parse(error.body))?["CancellationReasons"]?.elements ?? []
            return .refused(
                reasons.map { reason in
                    guard let code = reason["Code"]?.string, code != "None" else { return nil }
                    return .init(code: code, existing: DynamoDBValue.item(reason["Item"]))
                }
            )
        }
    }

    /// The items that the key condition selects, over all pages, at most `limit`.
    package func query(
        table: String,
        index: String? = nil,
        keyCondition: DynamoDBExpression,
        filter: DynamoDBExpression? = nil,
        limit: Int = PageBounds.maximumItems
    ) async throws -> [DynamoDBItem] {
        var items: [DynamoDBItem] = []
        var start: DynamoDBItem?
        var pages = PageBounds()
        repeat {
            let page = start
            let answer = try await call("Query", table) { writer in
                writer.member("TableName", table)
                writer.member("IndexName", index)
                // An index is not read consistently.
                if index == nil { writer.member("ConsistentRead", true) }
                writer.member("KeyConditionExpression", keyCondition.text)
                writer.member("FilterExpression", filter?.text)
                writer.placeholders(of: [keyCondition] + (filter.map { [$0] } ?? []))
                writer.member("ExclusiveStartKey", page)
            }
            guard let elements = answer["Items"]?.elements else {
                throw client.unreadable("Query", "there are no Items")
            }
            items += elements.compactMap { DynamoDBValue.item($0) }
            start = DynamoDBValue.item(answer["LastEvaluatedKey"])
            do throws(PageBounds.Failure) {
                let key = start.map { key in String(decoding: JSONWriter.object { $0.member("k", key) }, as: UTF8.self)
                }
                try pages.turn(to: key, items: items.count)
            } catch {
                throw client.unreadable("Query", error.description)
            }
        } while start != nil && items.count < limit
        return Array(items.prefix(limit))
    }

    /// Whether the table is there and may be used: `ACTIVE`, or another status.
    package func tableStatus(_ table: String) async throws -> String {
        let answer = try await call("DescribeTable", table) { $0.member("TableName", table) }
        guard let status = answer["Table"]?["TableStatus"]?.string else {
            throw client.unreadable("DescribeTable", "there is no TableStatus")
        }
        return status
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
