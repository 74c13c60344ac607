import Foundation
import Testing

@testable import AWSClient

/// Our operations as botocore's models write them.
///
/// Requests beside botocore.
@Suite(.enabled(if: Botocore.isAvailable, "no Python with botocore")) struct SerializationBotocoreTests {
    private struct Question: Encodable {
        let kind = "serialize"
        let service: String
        let operation: String
        let params: String
    }

    private struct Answer: Decodable {
        let body: [String: String]
        let headers: [String: String]
    }

    /// Text that has to be escaped in every way.
    private static let odd = "a b+c&d=é\n\"<😀>~*'%/"

    @Test func `every operation says the same in the same names`() async throws {
        let failing = ScriptedTransport(Array(repeating: .answer(400), count: 99))
        let session = try AWSSession.scripted(failing)
        let url = "http://localhost:1/1/q"
        let sqs = try session.sqs(queueURL: url)
        let ec2 = try session.ec2(region: try #require(AWSRegion("eu-west-1")))
        let topic = "arn:aws:sns:eu-west-1:123456789012:t"
        let odd = Self.odd
        let calls: [Call] = [
            (
                "ec2", "DescribeSecurityGroupRules",
                [
                    "Filters": [["Name": "group-id", "Values": ["sg-1", odd]], ["Name": "x", "Values": ["y"]]],
                    "MaxResults": 1000,
                ],
                {
                    let filters = [
                        EC2Filter(name: "group-id", values: ["sg-1", odd]), EC2Filter(name: "x", values: ["y"]),
                    ]
                    _ = try await ec2.describeSecurityGroupRules(filters: filters)
                }
            ),
            (
                "ec2", "DescribeSecurityGroupRules", ["DryRun": true],
                { _ = await ec2.probe(.describeRules, groupID: nil) }
            ),
            (
                "ec2", "RevokeSecurityGroupIngress", ["GroupId": "sg-1", "SecurityGroupRuleIds": ["sgr-1", "sgr-2"]],
                {
                    _ = try await ec2.revokeSecurityGroupIngress(
                        groupID: "sg-1",
                        securityGroupRuleIDs: ["sgr-1", "sgr-2"]
                    )
                }
            ),
            (
                "ec2", "RevokeSecurityGroupEgress", ["GroupId": odd, "SecurityGroupRuleIds": ["sgr-1"]],
                { _ = try await ec2.revokeSecurityGroupEgress(groupID: odd, securityGroupRuleIDs: ["sgr-1"]) }
            ),
            (
                "sns", "Publish",
                [
                    "TopicArn": topic, "Subject": "s", "Message": odd,
                    "MessageAttributes": ["id": ["DataType": "String", "StringValue": odd]],
                ],
                {
                    _ = try await session.sns(topicARN: topic)
                        .publish(topicARN: topic, subject: "s", message: odd, attributes: ["id": odd])
                }
            ),
            ("sts", "GetCallerIdentity", [:], { _ = try await session.sts().getCallerIdentity() }),
            (
                "sts", "AssumeRole",
                ["RoleArn": "r", "RoleSessionName": "s", "ExternalId": odd, "DurationSeconds": 900],
                {
                    _ = try await session.sts()
                        .assumeRole(roleARN: "r", sessionName: "s", externalID: odd, durationSeconds: 900)
                }
            ),
            (
                "sts", "AssumeRoleWithWebIdentity",
                ["RoleArn": "r", "RoleSessionName": "s", "WebIdentityToken": odd],
                {
                    _ = try await session.sts()
                        .assumeRoleWithWebIdentity(roleARN: "r", sessionName: "s", token: odd, durationSeconds: nil)
                }
            ),
            (
                "sqs", "ReceiveMessage",
                [
                    "QueueUrl": url, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 20, "VisibilityTimeout": 5,
                    "MessageSystemAttributeNames": ["All"], "MessageAttributeNames": ["All"],
                ],
                { _ = try await sqs.receiveMessage(queueURL: url, visibilityTimeout: 5) }
            ),
            (
                "sqs", "DeleteMessageBatch",
                [
                    "QueueUrl": url,
                    "Entries": [["Id": "0", "ReceiptHandle": "a"], ["Id": "1", "ReceiptHandle": odd]],
                ],
                { _ = try await sqs.deleteMessageBatch(queueURL: url, receiptHandles: ["a", odd]) }
            ),
            (
                "sqs", "ChangeMessageVisibilityBatch",
                ["QueueUrl": url, "Entries": [["Id": "0", "ReceiptHandle": "a", "VisibilityTimeout": 0]]],
                { _ = try await sqs.changeMessageVisibilityBatch(queueURL: url, entries: [("a", 0)]) }
            ),
            (
                "sqs", "SendMessage",
                [
                    "QueueUrl": url, "MessageBody": odd, "MessageGroupId": "g", "MessageDeduplicationId": "d",
                    "MessageAttributes": ["a": ["DataType": "String", "StringValue": odd]],
                ],
                {
                    _ = try await sqs.sendMessage(
                        queueURL: url,
                        body: odd,
                        attributes: ["a": .string(odd)],
                        messageGroupID: "g",
                        messageDeduplicationID: "d"
                    )
                }
            ),
            (
                "sqs", "GetQueueAttributes", ["QueueUrl": url, "AttributeNames": ["All"]],
                { _ = try await sqs.getQueueAttributes(queueURL: url) }
            ),
            (
                "sqs", "GetQueueUrl", ["QueueName": "q", "QueueOwnerAWSAccountId": "123456789012"],
                { _ = try await sqs.getQueueURL(name: "q", ownerAccountID: "123456789012") }
            ),
        ]
        try await compare(calls, failing)
    }

    @Test func `what a fleet shares is said in the same names`() async throws {
        let failing = ScriptedTransport(Array(repeating: .answer(400), count: 99))
        let session = try AWSSession.scripted(failing)
        let ec2 = try session.ec2(region: try #require(AWSRegion("eu-west-1")))
        let (dynamodb, events) = (try session.dynamodb(), try session.eventBridge())
        let odd = Self.odd
        let key: DynamoDBItem = ["pk": .string(odd)]
        let condition = DynamoDBExpression(
            "attribute_not_exists(#pk) OR #l < :now",
            names: ["#pk": "pk", "#l": "lease"],
            values: [":now": .integer(9_007_199_254_740_993)]
        )
        let expressions: [String: Any] = [
            "ConditionExpression": condition.text, "ExpressionAttributeNames": ["#pk": "pk", "#l": "lease"],
            "ExpressionAttributeValues": [":now": ["N": "9007199254740993"]],
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        ]
        let keyJSON: [String: Any] = ["pk": ["S": odd]]
        func with(_ members: [String: Any]) -> [String: Any] { expressions.merging(members) { $1 } }
        let put = DynamoDBWrite(.put(["pk": .string(odd), "s": .stringSet(["b", "a"])]), condition: condition)
        let calls: [Call] = [
            (
                "dynamodb", "GetItem", ["TableName": "t", "Key": keyJSON, "ConsistentRead": true],
                { _ = try await dynamodb.getItem(table: "t", key: key) }
            ),
            (
                "dynamodb", "PutItem",
                with(["TableName": "t", "Item": ["pk": ["S": odd], "s": ["SS": ["a", "b"]]]]),
                { _ = try await dynamodb.write(put, table: "t") }
            ),
            (
                "dynamodb", "UpdateItem",
                [
                    "TableName": "t", "Key": keyJSON, "UpdateExpression": "SET #a = :a",
                    "ExpressionAttributeNames": ["#a": "a"],
                    "ExpressionAttributeValues": [":a": ["L": [["BOOL": true], ["M": ["x": ["NULL": true]]]]]],
                    "ReturnValues": "ALL_NEW",
                ],
                {
                    let update = DynamoDBExpression(
                        "SET #a = :a",
                        names: ["#a": "a"],
                        values: [":a": .list([.bool(true), .map(["x": .null])])]
                    )
                    _ = try await dynamodb.write(DynamoDBWrite(.update(key: key, update)), table: "t")
                }
            ),
            (
                "dynamodb", "DescribeTable", ["TableName": "t"],
                { _ = try await dynamodb.describe("t") }
            ),
            (
                "events", "PutEvents",
                [
                    "Entries": [
                        ["Source": "s", "DetailType": odd, "Detail": odd, "EventBusName": "b", "Resources": ["r"]]
                    ]
                ],
                {
                    let event = EventBridgeEvent(source: "s", detailType: odd, detail: odd, resources: ["r"])
                    _ = try await events.putEvents([event], bus: "b")
                }
            ),
            (
                "ec2", "GetManagedPrefixListEntries", ["PrefixListId": "pl-1", "MaxResults": 100],
                { _ = try await ec2.getManagedPrefixListEntries(prefixListID: "pl-1") }
            ),
            (
                "ec2", "ModifySecurityGroupRules",
                [
                    "DryRun": true, "GroupId": "sg-1",
                    "SecurityGroupRules": [
                        [
                            "SecurityGroupRuleId": "sgr-00000000000000000",
                            "SecurityGroupRule": [
                                "IpProtocol": "tcp", "FromPort": 9, "ToPort": 9, "CidrIpv4": "192.0.2.1/32",
                            ],
                        ]
                    ],
                ],
                { _ = await ec2.probe(.modifyRules, groupID: "sg-1") }
            ),
        ]
        try await compare(calls, failing)
    }

    private typealias Call = (
        service: String, operation: String, params: [String: Any], call: () async throws -> Void
    )

    /// Makes each call and holds the request beside the one that botocore would send.
    private func compare(_ calls: [Call], _ failing: ScriptedTransport) async throws {
        let questions = try calls.map { call in
            let params = try JSONSerialization.data(withJSONObject: call.params)
            return Question(
                service: call.service,
                operation: call.operation,
                params: String(decoding: params, as: UTF8.self)
            )
        }
        let answers = try Botocore.ask(questions, for: Answer.self)
        try #require(answers.count == calls.count)
        for (call, answer) in zip(calls, answers) {
            let sent = failing.requests.count
            _ = try? await call.call()
            let request = try #require(failing.requests.dropFirst(sent).first, "\(call.operation)")
            if let json = answer.body["json"] {
                let expected = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? NSDictionary
                #expect(request.json == expected, "\(call.operation)")
                #expect(request.headers["X-Amz-Target"] == answer.headers["X-Amz-Target"])
                #expect(request.headers["Content-Type"] == answer.headers["Content-Type"])
            } else {
                #expect(Self.form(request.text) == answer.body, "\(call.operation)")
            }
        }
    }

    private static func form(_ text: String) -> [String: String] {
        let pairs = text.split(separator: "&").map { pair in
            let parts = pair.split(separator: "=", omittingEmptySubsequences: false).map {
                URIEncoding.decode(String($0))
            }
            return (parts[0], parts[1])
        }
        return Dictionary(uniqueKeysWithValues: pairs)
    }
}
