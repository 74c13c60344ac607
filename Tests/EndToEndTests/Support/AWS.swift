import Logging

@testable import AWSClient

/// The emulated AWS, driven through the program's own client.
struct AWS: Sendable {
    /// One for all tests.
    static let shared = Result { try AWS(emulator: .shared.get()) }

    let sqs: SQSClient
    private let ec2: EC2Client
    private let sns: SNSClient
    private let dynamodb: DynamoDBClient
    private let session: AWSSession

    private init(emulator: Emulator) throws {
        try self.init(
            AWSSession(
                environment: emulator.environment,
                transport: CurlTransport(),
                logger: Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() }
            )
        )
    }

    private init(_ session: AWSSession) throws {
        self.session = session
        dynamodb = try session.dynamodb()
        sqs = try session.sqs(region: AWSRegion.virginia)
        ec2 = try session.ec2(region: AWSRegion.virginia)
        sns = try session.sns(topicARN: "arn:aws:sns:us-east-1:\(CloudTrailRecord.account):any")
    }

    /// The same emulator as another account sees it.
    func inAccount(_ account: String) throws -> AWS {
        try AWS(session.assuming(roleARN: "arn:aws:iam::\(account):role/tests", sessionName: "tests"))
    }

    // MARK: DynamoDB

    /// Makes a table as the templates make it.
    func createTable(_ name: String, key: String = "pk", expires: Bool = true) async throws {
        _ = try await call(
            "CreateTable",
            [
                "TableName": .text(name), "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [["AttributeName": .text(key), "AttributeType": "S"]],
                "KeySchema": [["AttributeName": .text(key), "KeyType": "HASH"]],
            ]
        )
        guard expires else { return }
        _ = try await call(
            "UpdateTimeToLive",
            [
                "TableName": .text(name),
                "TimeToLiveSpecification": ["AttributeName": "expires_at", "Enabled": true],
            ]
        )
    }

    /// The items of a table.
    func items(_ table: String) async throws -> [JSON] {
        try await call("Scan", ["TableName": .text(table)])["Items"].items
    }

    /// Lets every lease in a table have ended, in place of a wait.
    ///
    /// A call that a killed or paused program had under way may still end a claim between the look and the change. So it looks again
    /// until no claim changed under its hands.
    func endLeases(_ table: String) async throws {
        try await eventually("the leases have ended") {
            for item in try await items(table) where item["lease_until"]["N"].string != nil {
                guard try await endLease(of: item["pk"], in: table) else { return false }
            }
            return true
        }
    }

    private func endLease(of key: JSON, in table: String) async throws -> Bool {
        do {
            _ = try await call(
                "UpdateItem",
                [
                    "TableName": .text(table), "Key": ["pk": key], "UpdateExpression": "SET lease_until = :t",
                    "ConditionExpression": "attribute_exists(lease_until)",
                    "ExpressionAttributeValues": [":t": ["N": "1000"]],
                ]
            )
            return true
        } catch let error as AWSServiceError where error.code == "ConditionalCheckFailedException" {
            return false
        }
    }

    private func call(_ operation: String, _ request: JSON) async throws -> JSON {
        let response = try await dynamodb.client.send(
            AWSServiceClient.Call(
                operation: operation,
                headers: [
                    "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "DynamoDB_20120810.\(operation)",
                ],
                body: Array(try request.encoded.utf8)
            )
        )
        // Other answers hold times with fractions, which the tests' JSON does not read and nobody asks for.
        guard operation == "Scan" else { return nil }
        return try JSON(parsing: String(decoding: response.body, as: UTF8.self))
    }

    // MARK: SQS and SNS

    /// Makes a queue; what it handed out `receives` times goes to the queue with the ARN `deadLetters`.
    func createQueue(
        _ name: String,
        deadLetters: String? = nil,
        visibility: Int = 30,
        receives: Int = 3
    ) async throws -> String {
        var attributes: JSON = ["VisibilityTimeout": .text("\(visibility)")]
        if let deadLetters {
            attributes["RedrivePolicy"] = .text(
                try JSON.object(["deadLetterTargetArn": .text(deadLetters), "maxReceiveCount": .number(receives)])
                    .encoded
            )
        }
        let request: JSON = ["QueueName": .text(name), "Attributes": attributes]
        let response = try await sqs.client.send(
            AWSServiceClient.Call(
                operation: "CreateQueue",
                headers: [
                    "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "AmazonSQS.CreateQueue",
                ],
                body: Array(try request.encoded.utf8)
            )
        )
        let answer = try JSON(parsing: String(decoding: response.body, as: UTF8.self))
        return try answer["QueueUrl"].string.orThrow("CreateQueue answers with a URL")
    }

    /// The ARN of the queue at `url`.
    func arn(ofQueue url: String) async throws -> String {
        try await sqs.getQueueAttributes(queueURL: url)["QueueArn"].orThrow("a queue has an ARN")
    }

    /// Makes a topic that sends all it gets to the queue with the ARN `inbox`.
    func createTopic(_ name: String, inbox: String) async throws -> String {
        let answer = try await sns.client.query("CreateTopic") { $0.add("Name", name) }.root
        let arn = try (answer["CreateTopicResult"]?.text("TopicArn")).orThrow("CreateTopic answers with an ARN")
        _ = try await sns.client.query("Subscribe") {
            $0.add("TopicArn", arn)
            $0.add("Protocol", "sqs")
            $0.add("Endpoint", inbox)
        }
        return arn
    }

    /// Takes every message out of a queue.
    func drain(_ url: String) async throws -> [SQSMessage] {
        var all: [SQSMessage] = []
        while true {
            let messages = try await sqs.receiveMessage(queueURL: url, waitTimeSeconds: 0)
            guard !messages.isEmpty else { return all }
            all += messages
            _ = try await sqs.deleteMessageBatch(queueURL: url, receiptHandles: messages.map(\.receiptHandle))
        }
    }

    /// How many messages a queue holds, those in flight included.
    func count(_ url: String) async throws -> Int {
        let attributes = try await sqs.getQueueAttributes(queueURL: url)
        return ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"].reduce(0) {
            $0 + (attributes[$1].flatMap { Int($0) } ?? 0)
        }
    }

    // MARK: EC2

    /// Makes a group in a VPC of its own.
    func createGroup() async throws -> String {
        let vpc = try await ec2.query(action: "CreateVpc", parameters: [("CidrBlock", "10.0.0.0/16")])
        let answer = try await ec2.query(
            action: "CreateSecurityGroup",
            parameters: [
                ("GroupName", "web"), ("GroupDescription", "web"),
                ("VpcId", try (vpc["vpc"]?.text("vpcId")).orThrow("a VPC has an id")),
            ]
        )
        return try answer.text("groupId").orThrow("a group has an id")
    }

    /// The rules that stand in a group, both ways.
    func rules(_ group: String) async throws -> [DescribedSecurityGroupRule] {
        try await ec2.describeSecurityGroupRules(filters: [EC2Filter(name: "group-id", values: [group])])
    }

    /// Adds rules to a group's ingress, and answers with them.
    ///
    /// Told by what stands before and after: the emulator's own answer has the rules of the last permission only.
    func authorize(_ group: String, _ permissions: [Permission]) async throws -> [DescribedSecurityGroupRule] {
        let before = Set(try await rules(group).map(\.securityGroupRuleID))
        let parameters = permissions.enumerated().flatMap { $1.parameters(at: $0 + 1) }
        _ = try await ec2.query(
            action: "AuthorizeSecurityGroupIngress",
            parameters: [("GroupId", group)] + parameters
        )
        return try await rules(group).filter { !before.contains($0.securityGroupRuleID) }
    }

    /// Takes rules out of a group's ingress.
    func revoke(_ group: String, _ ids: [String]) async throws {
        _ = try await ec2.revokeSecurityGroupIngress(groupID: group, securityGroupRuleIDs: ids)
    }

    /// Tags a group or a rule.
    func tag(_ id: String, _ key: String, _ value: String) async throws {
        _ = try await ec2.query(
            action: "CreateTags",
            parameters: [("ResourceId.1", id), ("Tag.1.Key", key), ("Tag.1.Value", value)]
        )
    }

    /// Takes a tag away.
    func untag(_ id: String, _ key: String) async throws {
        _ = try await ec2.query(action: "DeleteTags", parameters: [("ResourceId.1", id), ("Tag.1.Key", key)])
    }

    /// Gives the rule `id` another source, and the port 22.
    func modify(_ group: String, _ id: String, cidr: String) async throws {
        let rule = "SecurityGroupRule.1"
        _ = try await ec2.query(
            action: "ModifySecurityGroupRules",
            parameters: [
                ("GroupId", group), ("\(rule).SecurityGroupRuleId", id),
                ("\(rule).SecurityGroupRule.IpProtocol", "tcp"), ("\(rule).SecurityGroupRule.FromPort", "22"),
                ("\(rule).SecurityGroupRule.ToPort", "22"), ("\(rule).SecurityGroupRule.CidrIpv4", cidr),
            ]
        )
    }
}

extension AWSRegion {
    /// Where the emulator's things are.
    fileprivate static var virginia: AWSRegion {
        get throws { try AWSRegion("us-east-1").orThrow("us-east-1 is a Region") }
    }
}

extension Optional {
    /// The value, or an error that says what should have been there.
    func orThrow(_ expectation: String) throws -> Wrapped {
        guard let self else { throw TooLate(description: "not so: \(expectation)") }
        return self
    }
}
