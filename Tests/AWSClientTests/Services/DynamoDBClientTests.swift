import Foundation
import Testing

@testable import AWSClient

@Suite struct DynamoDBClientTests {
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

    @Test func `writes under a condition`() async throws {
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

    @Test func `says what stands where a condition does not hold, and does not retry`() async throws {
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

    @Test func `updates and answers with what stands now`() async throws {
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

    @Test func `reads consistently, and tells an item from none`() async throws {
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

    @Test func `names the table that does not exist`() async throws {
        let (client, _) = try client(.answer(400, #"{"__type":"x#ResourceNotFoundException","message":"m"}"#))
        await #expect {
            try await client.describe("claims")
        } throws: { "\($0)".hasPrefix("table claims does not exist: check --claims") }
    }
}
