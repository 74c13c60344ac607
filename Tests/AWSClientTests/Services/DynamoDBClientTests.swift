import CoreMetrics
import Foundation
import MetricsTestKit
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

    @Test func `a condition that does not hold counts as a call that succeeded`() async throws {
        let metrics = TestMetrics()
        let transport = ScriptedTransport([.answer(400, #"{"__type":"x#ConditionalCheckFailedException"}"#)])
        _ = try await AWSSession.scripted(transport, metrics: metrics).dynamodb().write(Self.claim, table: "claims")
        let labels = [("service", "dynamodb"), ("action", "PutItem"), ("result", "success")]
        #expect(try metrics.expectCounter("sg_revert_api_calls_total", labels).values == [1])
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

    @Test func `names the placeholders of an update and of its condition together`() async throws {
        let (client, transport) = try client(.answer(200, "{}"))
        let write = DynamoDBWrite(
            .update(
                key: ["pk": .string("k")],
                DynamoDBExpression("SET #a = :a", names: ["#a": "a"], values: [":a": .null])
            ),
            condition: DynamoDBExpression("#b = :b", names: ["#b": "b"], values: [":b": .bool(true)])
        )
        #expect(try await client.write(write, table: "t") == .written(item: nil))
        #expect(transport.requests[0].headers["X-Amz-Target"] == "DynamoDB_20120810.UpdateItem")
        #expect(
            transport.requests[0].json == [
                "TableName": "t", "Key": ["pk": ["S": "k"]], "UpdateExpression": "SET #a = :a",
                "ConditionExpression": "#b = :b", "ExpressionAttributeNames": ["#a": "a", "#b": "b"],
                "ExpressionAttributeValues": [":a": ["NULL": true], ":b": ["BOOL": true]],
                "ReturnValues": "ALL_NEW", "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            ]
        )
    }

    @Test func `sends no empty map of placeholders, which DynamoDB would refuse`() async throws {
        let (client, transport) = try client(.answer(200, "{}"))
        _ = try await client.write(DynamoDBWrite(.put(["pk": .string("k")])), table: "t")
        #expect(transport.requests[0].json == ["TableName": "t", "Item": ["pk": ["S": "k"]]])
    }

    @Test(arguments: [
        #"{"__type":"x#ConditionalCheckFailedException"}"#,
        #"{"__type":"x#ConditionalCheckFailedException","Item":null}"#,
    ])
    func `refuses a write also where DynamoDB does not say what stands there`(body: String) async throws {
        let (client, _) = try client(.answer(400, body))
        #expect(try await client.write(Self.claim, table: "claims") == .refused(existing: nil))
    }

    @Test func `does not take another refusal for a condition that does not hold`() async throws {
        let (client, transport) = try client(.answer(400, #"{"__type":"x#ValidationException","message":"too long"}"#))
        let error = await #expect(throws: AWSServiceError.self) { try await client.write(Self.claim, table: "claims") }
        #expect(
            error?.description
                == "dynamodb PutItem for table claims failed: ValidationException: too long (HTTP 400)"
        )
        #expect(transport.requests.count == 1)
    }

    @Test func `says what a retried write met, because that may be its own first effect`() async throws {
        let refused = #"{"__type":"x#ConditionalCheckFailedException","Item":{"token":{"S":"mine"}}}"#
        let (client, transport) = try client(.answer(500), .answer(400, refused))
        #expect(try await client.write(Self.claim, table: "claims") == .refused(existing: ["token": .string("mine")]))
        #expect(transport.requests.count == 2)
    }

    // MARK: The table

    @Test func `describes a table by its status and its key, the partition key first`() async throws {
        let (client, transport) = try client(
            .answer(
                200,
                #"{"Table":{"TableStatus":"ACTIVE","AttributeDefinitions":[{"AttributeName":"sk","AttributeType":"N"},"#
                    + #"{"AttributeName":"pk","AttributeType":"S"}],"KeySchema":[{"AttributeName":"sk","KeyType":"RANGE"},"#
                    + #"{"AttributeName":"pk","KeyType":"HASH"}]}}"#
            ),
            .answer(
                200,
                #"{"Table":{"TableStatus":"CREATING","KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}]}}"#
            ),
            .answer(200, #"{"Table":{}}"#)
        )
        #expect(try await client.describe("t") == DescribedTable(status: "ACTIVE", key: ["pk S", "sk N"]))
        #expect(try await client.describe("t") == DescribedTable(status: "CREATING", key: ["pk ?"]))
        await #expect(throws: AWSClientError.self) { try await client.describe("t") }
        #expect(transport.requests[0].json == ["TableName": "t"])
    }

    @Test(arguments: [
        (#"{"TimeToLiveStatus":"ENABLED","AttributeName":"ttl"}"#, "ttl"),
        (#"{"TimeToLiveStatus":"ENABLING","AttributeName":"ttl"}"#, "ttl"),
        (#"{"TimeToLiveStatus":"DISABLING","AttributeName":"ttl"}"#, nil), (#"{"TimeToLiveStatus":"DISABLED"}"#, nil),
        ("null", nil),
    ])
    func `knows by which attribute items are removed`(description: String, attribute: String?) async throws {
        let (client, _) = try client(.answer(200, #"{"TimeToLiveDescription":\#(description)}"#))
        #expect(try await client.timeToLiveAttribute(of: "t") == attribute)
    }
}
