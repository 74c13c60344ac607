import Foundation
import Logging
import Testing

@testable import AWSClient

private let emulatorURL = ProcessInfo.processInfo.environment["SG_REVERT_EMULATOR_URL"]

/// Every client against an independent implementation of AWS.
///
/// Against an emulator.
@Suite(.enabled(if: emulatorURL != nil, "SG_REVERT_EMULATOR_URL is unset")) struct EmulatorTests {
    private let session: AWSSession

    init() throws {
        session = try AWSSession(
            environment: ["AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"],
            endpointURL: emulatorURL,
            transport: try CurlTransport(),
            logger: Logger(label: "test")
        )
    }

    @Test func `describes and revokes rules`() async throws {
        let region = try #require(AWSRegion("us-east-1"))
        let ec2 = try session.ec2(region: region)
        let created = try await ec2.query(
            action: "CreateSecurityGroup",
            parameters: [("GroupName", UUID().uuidString), ("GroupDescription", "test")]
        )
        let groupID = try #require(created.text("groupId"))
        _ = try await ec2.query(
            action: "AuthorizeSecurityGroupIngress",
            parameters: [
                ("GroupId", groupID), ("IpPermissions.1.IpProtocol", "tcp"), ("IpPermissions.1.FromPort", "22"),
                ("IpPermissions.1.ToPort", "22"), ("IpPermissions.1.IpRanges.1.CidrIp", "203.0.113.7/32"),
                ("IpPermissions.1.IpRanges.1.Description", "a & b"),
            ]
        )
        let filter = EC2Filter(name: "group-id", values: [groupID])
        let rule = try #require(try await ec2.describeSecurityGroupRules(filters: [filter]).first { !$0.isEgress })
        #expect(rule.cidrIPv4 == "203.0.113.7/32")
        #expect(rule.fromPort == 22)
        #expect(rule.description == "a & b")

        let ids = [rule.securityGroupRuleID]
        #expect(try await ec2.revokeSecurityGroupIngress(groupID: groupID, securityGroupRuleIDs: ids).isReturned)
        #expect(try await ec2.describeSecurityGroupRules(filters: [filter]).allSatisfy(\.isEgress))
        await #expect {
            try await ec2.revokeSecurityGroupIngress(groupID: groupID, securityGroupRuleIDs: ids)
        } throws: { error in
            (error as? AWSServiceError)?.code.hasSuffix(".NotFound") == true
        }
    }

    @Test func `sends, receives, postpones and deletes messages`() async throws {
        let name = UUID().uuidString
        let admin = try session.sqs()
        _ = try await admin.client.send(
            .init(
                operation: "CreateQueue",
                headers: [
                    "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "AmazonSQS.CreateQueue",
                ],
                body: Array(#"{"QueueName":"\#(name)"}"#.utf8)
            )
        )
        let url = try await admin.getQueueURL(name: name)
        let sqs = try session.sqs(queueURL: url)
        #expect(try await sqs.receiveMessage(queueURL: url, waitTimeSeconds: 0).isEmpty)
        let body = "{\"a\": \"é😀\"}"
        let id = try await sqs.sendMessage(queueURL: url, body: body, attributes: ["R": .string("why")])
        let message = try #require(try await sqs.receiveMessage(queueURL: url, waitTimeSeconds: 0).first)
        #expect(message.messageID == id)
        #expect(message.body == body)
        #expect(message.receiveCount == 1)
        #expect(message.messageAttributes["R"]?.stringValue == "why")
        let visible = try await sqs.changeMessageVisibilityBatch(queueURL: url, entries: [(message.receiptHandle, 0)])
        #expect(visible == [nil])
        let again = try #require(try await sqs.receiveMessage(queueURL: url, waitTimeSeconds: 0).first)
        #expect(again.receiveCount == 2)
        let deleted = try await sqs.deleteMessageBatch(
            queueURL: url,
            receiptHandles: [again.receiptHandle, "nonsense"]
        )
        #expect(deleted[0] == nil)
        #expect(try await sqs.getQueueAttributes(queueURL: url)["ApproximateNumberOfMessages"] == "0")
        await #expect {
            try await sqs.getQueueAttributes(queueURL: url + "x")
        } throws: { error in
            (error as? AWSServiceError)?.has(code: "AWS.SimpleQueueService.NonExistentQueue") == true
        }
    }

    @Test func `publishes, asks who it is, and assumes a role`() async throws {
        let sts = try session.sts()
        #expect(try await sts.getCallerIdentity().account == "123456789012")
        let role = "arn:aws:iam::444455556666:role/r"
        let assumed = try session.assuming(roleARN: role, sessionName: "test")
        #expect(try await assumed.sts().getCallerIdentity().account == "444455556666")
        let topic = "arn:aws:sns:us-east-1:123456789012:\(UUID().uuidString)"
        let sns = try session.sns(topicARN: topic)
        let name = topic.split(separator: ":").last ?? ""
        _ = try await sns.client.query("CreateTopic") { $0.add("Name", String(name)) }
        let id = try await sns.publish(topicARN: topic, subject: "s", message: "é", attributes: ["a": "b"])
        #expect(!id.isEmpty)
    }

    @Test func `claims an item once, says who holds it, and writes all or nothing`() async throws {
        let dynamodb = try session.dynamodb()
        let table = "t-\(UUID().uuidString)"
        _ = try await dynamodb.client.json(
            AWSServiceClient.Call(
                operation: "CreateTable",
                headers: [
                    "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "DynamoDB_20120810.CreateTable",
                ],
                body: Array(
                    #"{"TableName":"\#(table)","BillingMode":"PAY_PER_REQUEST","KeySchema":[{"AttributeName":"pk","#
                        .utf8
                )
                    + Array(
                        #""KeyType":"HASH"}],"AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}]}"#.utf8
                    )
            )
        )
        #expect(try await dynamodb.describe(table).status == "ACTIVE")
        func claim(_ key: String, by token: String) -> DynamoDBWrite {
            let unclaimed = DynamoDBExpression("attribute_not_exists(#pk)", names: ["#pk": "pk"])
            return DynamoDBWrite(
                .put(["pk": .string(key), "token": .string(token), "until": .number("1800000000123.5")]),
                condition: unclaimed
            )
        }
        #expect(try await dynamodb.write(claim("a", by: "first"), table: table) == .written(item: nil))
        guard case .refused = try await dynamodb.write(claim("a", by: "second"), table: table) else {
            Issue.record("an item was claimed twice")
            return
        }
        let item = try await dynamodb.getItem(table: table, key: ["pk": .string("a")])
        #expect(item?["token"]?.string == "first")
        #expect(item?["until"] == .number("1800000000123.5"))

        let renewal = DynamoDBExpression(
            "SET #until = :until",
            names: ["#until": "until"],
            values: [":until": .integer(7)]
        )
        guard
            case .written(let renewed?) = try await dynamodb.write(
                DynamoDBWrite(.update(key: ["pk": .string("a")], renewal)),
                table: table
            )
        else {
            Issue.record("an update did not say what stands now")
            return
        }
        #expect(renewed["until"]?.integer == 7)
    }

    @Test func `puts events on a bus`() async throws {
        let event = EventBridgeEvent(source: "sg-revert", detailType: "Security Group Reverted", detail: #"{"a":1}"#)
        #expect(try await session.eventBridge().putEvents([event, event]) == [nil, nil])
    }

    @Test func `reads the entries of a prefix list`() async throws {
        let ec2 = try session.ec2(region: try #require(AWSRegion("us-east-1")))
        let created = try await ec2.query(
            action: "CreateManagedPrefixList",
            parameters: [
                ("PrefixListName", "n"), ("MaxEntries", "5"), ("AddressFamily", "IPv4"), ("Entry.1.Cidr", "10.0.0.0/8"),
                ("Entry.2.Cidr", "192.0.2.0/24"),
            ]
        )
        let id = try #require(created["prefixList"]?.text("prefixListId"))
        #expect(try await Set(ec2.getManagedPrefixListEntries(prefixListID: id)) == ["10.0.0.0/8", "192.0.2.0/24"])
    }
}
