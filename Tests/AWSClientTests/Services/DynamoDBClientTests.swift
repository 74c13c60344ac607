import Foundation
import Testing

@testable import AWSClient

@Suite("DynamoDBClient")
struct DynamoDBClientTests {
    private func client(_ answers: ScriptedTransport.Answer...) throws -> (DynamoDBClient, ScriptedTransport) {
        let transport = ScriptedTransport(answers)
        return (try AWSSession.scripted(transport).dynamodb(), transport)
    }

    private static let claim = DynamoDBWrite(
        .put(["pk": .string("event#1"), "until": .integer(1_800_000_000_123), "done": .bool(false)]),
        condition: DynamoDBExpression(
            "attribute_not_exists(#pk) OR #until < :now",
            names: ["#pk": "pk", "#until": "until"],
            values: [":now": .integer(5)]
        )
    )

    @Test("writes under a condition")
    func put() async throws {
        let (client, transport) = try client(.answer(200, "{}"))
        #expect(try await client.write(Self.claim, table: "claims") == .written(item: nil))
        let request = transport.requests[0]
        #expect(request.url.text == "https://dynamodb.eu-west-1.amazonaws.com/")
        #expect(request.headers["X-Amz-Target"] == "DynamoDB_20120810.PutItem")
        #expect(request.headers["Content-Type"] == "application/x-amz-json-1.0")
        #expect(
            request.json == [
                "TableName": "claims",
                "Item": ["pk": ["S": "event#1"], "until": ["N": "1800000000123"], "done": ["BOOL": false]],
                "ConditionExpression": "attribute_not_exists(#pk) OR #until < :now",
                "ExpressionAttributeNames": ["#pk": "pk", "#until": "until"],
                "ExpressionAttributeValues": [":now": ["N": "5"]],
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            ]
        )
    }

    @Test("says what stands where a condition does not hold, and does not retry")
    func refused() async throws {
        let (client, transport) = try client(
            .answer(
                400,
                #"{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"m","#
                    + #""Item":{"pk":{"S":"event#1"},"token":{"S":"t"},"blob":{"B":"AA=="}}}"#
            )
        )
        #expect(
            try await client.write(Self.claim, table: "claims")
                == .refused(existing: ["pk": .string("event#1"), "token": .string("t")])
        )
        #expect(transport.requests.count == 1)
    }

    @Test("updates and answers with what stands now")
    func update() async throws {
        let (client, transport) = try client(.answer(200, #"{"Attributes":{"n":{"N":"12345678901234567890.5"}}}"#))
        let write = DynamoDBWrite(
            .update(
                key: ["pk": .string("k")],
                DynamoDBExpression("ADD #n :one", names: ["#n": "n"], values: [":one": .integer(1)])
            )
        )
        // No digit is lost, as it would be in a floating-point number.
        #expect(try await client.write(write, table: "t") == .written(item: ["n": .number("12345678901234567890.5")]))
        #expect(transport.requests[0].json?["UpdateExpression"] as? String == "ADD #n :one")
        #expect(transport.requests[0].json?["ReturnValues"] as? String == "ALL_NEW")
        #expect(transport.requests[0].json?["ConditionExpression"] == nil)
    }

    @Test("reads consistently, and tells an item from none")
    func get() async throws {
        let item =
            #"{"Item":{"a":{"S":"x"},"b":{"NULL":true},"c":{"L":[{"N":"1"}]},"d":{"M":{"e":{"BOOL":true}}},"#
            + #""f":{"SS":["y","z"]}}}"#
        let (client, transport) = try client(.answer(200, item), .answer(200, "{}"))
        let key: DynamoDBItem = ["pk": .string("k")]
        #expect(
            try await client.getItem(table: "t", key: key) == [
                "a": .string("x"), "b": .null, "c": .list([.integer(1)]), "d": .map(["e": .bool(true)]),
                "f": .stringSet(["y", "z"]),
            ]
        )
        #expect(try await client.getItem(table: "t", key: key) == nil)
        #expect(transport.requests[0].json?["ConsistentRead"] as? Bool == true)
    }

    @Test("reads every page of a query, up to the limit, and turns in no circle")
    func query() async throws {
        func page(_ id: String, next: String?) -> ScriptedTransport.Answer {
            .answer(
                200,
                #"{"Items":[{"pk":{"S":"\#(id)"}}]"#
                    + (next.map { #","LastEvaluatedKey":{"pk":{"S":"\#($0)"}}"# } ?? "")
                    + "}"
            )
        }
        let condition = DynamoDBExpression("#a = :a", names: ["#a": "a"], values: [":a": .string("x")])
        let (client, transport) = try client(page("1", next: "1"), page("2", next: nil), page("3", next: "3"))
        #expect(
            try await client.query(table: "t", keyCondition: condition)
                == [["pk": .string("1")], ["pk": .string("2")]]
        )
        #expect(transport.requests[1].json?["ExclusiveStartKey"] as? [String: [String: String]] == ["pk": ["S": "1"]])
        #expect(try await client.query(table: "t", index: "i", keyCondition: condition, limit: 1).count == 1)
        #expect(transport.requests[2].json?["ConsistentRead"] == nil)

        let (circular, _) = try self.client(page("1", next: "1"), page("1", next: "1"))
        await #expect(throws: AWSClientError.self) { try await circular.query(table: "t", keyCondition: condition) }
    }

    @Test("writes all or nothing, and says which write kept it from happening")
    func transaction() async throws {
        let (client, transport) = try client(
            .answer(200, "{}"),
            .answer(
                400,
                #"{"__type":"x#TransactionCanceledException","CancellationReasons":[{"Code":"None"},"#
                    + #"{"Code":"ConditionalCheckFailed","Item":{"pk":{"S":"k"}}},{"Code":"TransactionConflict"}]}"#
            )
        )
        let writes = [Self.claim, DynamoDBWrite(.check(key: ["pk": .string("k")]), condition: Self.claim.condition)]
        #expect(try await client.transact(writes, table: "t", token: "token-1") == .written)
        #expect(transport.requests[0].json?["ClientRequestToken"] as? String == "token-1")
        guard case .refused(let refusals) = try await client.transact(writes, table: "t", token: "token-2") else {
            Issue.record("the transaction was taken for written")
            return
        }
        #expect(refusals.map { $0?.code } == [nil, "ConditionalCheckFailed", "TransactionConflict"])
        #expect(refusals[1]?.existing == ["pk": .string("k")])
        #expect(refusals[1]?.isTransient == false)
        #expect(refusals[2]?.isTransient == true)
    }

    @Test("names the table that does not exist")
    func missing() async throws {
        let (client, _) = try client(.answer(400, #"{"__type":"x#ResourceNotFoundException","message":"m"}"#))
        await #expect {
            try await client.tableStatus("claims")
        } throws: { "\($0)".hasPrefix("table claims does not exist: check --claims") }
    }
}
