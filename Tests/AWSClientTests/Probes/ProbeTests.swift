import Foundation
import Testing

@testable import AWSClient

/// A probe tells a permission that is there from one that is not, and sends nothing that could change anything.
@Suite struct ProbeTests {
    private static let queue = "https://sqs.eu-west-1.amazonaws.com/111122223333/q"
    private static let topic = "arn:aws:sns:eu-west-1:111122223333:t"

    private static func sqs(_ code: String) -> ScriptedTransport.Answer {
        .answer(400, #"{"__type":"com.amazonaws.sqs#\#(code)","message":"m"}"#)
    }

    private static func ec2(_ code: String) -> ScriptedTransport.Answer {
        .answer(412, "<Response><Errors><Error><Code>\(code)</Code><Message>m</Message></Error></Errors></Response>")
    }

    private static func sns(_ code: String) -> ScriptedTransport.Answer {
        .answer(400, "<ErrorResponse><Error><Code>\(code)</Code><Message>m</Message></Error></ErrorResponse>")
    }

    /// What a probe makes of an answer, and what it sent.
    private func kind(_ answer: ProbeAnswer) -> String {
        switch answer {
        case .allowed: "allowed"
        case .denied: "denied"
        case .missing: "missing"
        case .unclear: "unclear"
        case .unusable: "unusable"
        }
    }

    @Test(arguments: [
        ("DryRunOperation", "allowed"), ("UnauthorizedOperation", "denied"), ("InvalidGroup.NotFound", "missing"),
        ("InvalidSecurityGroupRuleId.NotFound", "allowed"), ("AuthFailure", "unusable"), ("OptInRequired", "unusable"),
        ("Unsupported", "unclear"),
    ])
    func `each call of EC2 is asked about by a dry run`(_ code: String, _ expected: String) async throws {
        let region = try #require(AWSRegion("eu-west-1"))
        for probe in EC2Probe.allCases {
            let transport = ScriptedTransport([Self.ec2(code)])
            let answer = try await AWSSession.scripted(transport).ec2(region: region).probe(probe, groupID: "sg-1")
            #expect(kind(answer) == expected, "\(probe)")
            let body = transport.requests[0].text
            #expect(body.contains("Action=\(probe.rawValue)&") && body.contains("DryRun=true"))
        }
    }

    @Test func `a service that does not answer is not taken for one that tells nothing`() async throws {
        let region = try #require(AWSRegion("eu-west-1"))
        for failure in [
            HTTPTransportError.timedOut(host: "ec2", after: .seconds(10)), .connectionFailed(host: "ec2", reason: ""),
        ] {
            let transport = ScriptedTransport(Array(repeating: .failure(failure), count: 10))
            let ec2 = try AWSSession.scripted(transport).ec2(region: region)
            #expect(await kind(ec2.probe(.describeRules, groupID: nil)) == "unusable")
        }
    }

    @Test(arguments: [
        ("ReceiveMessage", "InvalidParameterValue", "allowed"), ("ReceiveMessage", "AccessDeniedException", "denied"),
        ("ReceiveMessage", "QueueDoesNotExist", "missing"), ("SendMessageBatch", "EmptyBatchRequest", "allowed"),
        ("SendMessageBatch", "AccessDenied", "denied"), ("SendMessageBatch", "InvalidSecurity", "unclear"),
        ("DeleteMessageBatch", "AccessDenied", "denied"), ("DeleteMessageBatch", "ReceiptHandleIsInvalid", "allowed"),
        ("ChangeMessageVisibilityBatch", "AccessDenied", "denied"),
    ])
    func `each call of SQS is asked about without a message`(
        _ name: String,
        _ code: String,
        _ expected: String
    ) async throws {
        let transport = ScriptedTransport([Self.sqs(code)])
        let sqs = try AWSSession.scripted(transport).sqs(queueURL: Self.queue)
        let answer =
            switch name {
            case "ReceiveMessage": await sqs.probeReceive(queueURL: Self.queue)
            case "SendMessageBatch": await sqs.probeSend(queueURL: Self.queue)
            case "DeleteMessageBatch": await sqs.probeDelete(queueURL: Self.queue)
            default: await sqs.probeChangeVisibility(queueURL: Self.queue)
            }
        #expect(kind(answer) == expected)
        #expect(transport.requests[0].headers["X-Amz-Target"] == "AmazonSQS.\(name)")
        switch name {
        case "ReceiveMessage": #expect(transport.requests[0].json?["MaxNumberOfMessages"] as? Int == 0)
        case "SendMessageBatch": #expect((transport.requests[0].json?["Entries"] as? [Any])?.isEmpty == true)
        default: #expect(transport.requests[0].text.contains("sg-revert-doctor"))
        }
    }

    @Test(arguments: [("ReceiptHandleIsInvalid", "allowed"), ("AccessDenied", "denied"), ("InternalError", "unclear")])
    func `an answer for the one entry of a batch counts as well`(_ code: String, _ expected: String) async throws {
        let body = #"{"Successful":[],"Failed":[{"Id":"0","Code":"\#(code)","SenderFault":true}]}"#
        for isDelete in [true, false] {
            let sqs = try AWSSession.scripted(ScriptedTransport([.answer(200, body)])).sqs(queueURL: Self.queue)
            let answer =
                isDelete
                ? await sqs.probeDelete(queueURL: Self.queue) : await sqs.probeChangeVisibility(queueURL: Self.queue)
            #expect(kind(answer) == expected)
        }
    }

    @Test(arguments: [("InvalidParameter", "allowed"), ("AuthorizationError", "denied"), ("NotFound", "missing")])
    func `publishing is asked about with a message that SNS refuses`(_ code: String, _ expected: String) async throws {
        let transport = ScriptedTransport([Self.sns(code), Self.sns(code)])
        let sns = try AWSSession.scripted(transport).sns(topicARN: Self.topic)
        #expect(kind(await sns.probePublish(topicARN: Self.topic)) == expected)
        #expect(transport.requests[0].text.contains("MessageStructure=json&Message=sg-revert%20doctor"))
        let topic = kind(await sns.probeTopic(topicARN: Self.topic))
        #expect(topic == (code == "InvalidParameter" ? "unclear" : expected))
    }

    @Test func `a call without an answer tells nothing`() async throws {
        let sqs = try AWSSession.scripted(ScriptedTransport([])).sqs(queueURL: Self.queue)
        #expect(kind(await sqs.probeReceive(queueURL: Self.queue)) == "unclear")
    }

    @Test(arguments: [
        (EC2Probe.describeRules, ""), (.describeGroups, ""),
        (.revokeIngress, "&GroupId=sg-1&SecurityGroupRuleId.1=sgr-00000000000000000"),
        (.revokeEgress, "&GroupId=sg-1&SecurityGroupRuleId.1=sgr-00000000000000000"),
        (
            .authorizeIngress,
            "&GroupId=sg-1&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=9&IpPermissions.1.ToPort=9"
                + "&IpPermissions.1.IpRanges.1.CidrIp=192.0.2.1%2F32"
        ),
        (
            .modifyRules,
            "&GroupId=sg-1&SecurityGroupRule.1.SecurityGroupRuleId=sgr-00000000000000000"
                + "&SecurityGroupRule.1.SecurityGroupRule.IpProtocol=tcp&SecurityGroupRule.1.SecurityGroupRule.FromPort=9"
                + "&SecurityGroupRule.1.SecurityGroupRule.ToPort=9"
                + "&SecurityGroupRule.1.SecurityGroupRule.CidrIpv4=192.0.2.1%2F32"
        ),
    ])
    func `a dry run is harmless even where nobody heeds that it is one`(_ probe: EC2Probe, _ rest: String) async throws
    {
        let transport = ScriptedTransport([Self.ec2("DryRunOperation"), Self.ec2("DryRunOperation")])
        let client = try AWSSession.scripted(transport).ec2(region: #require(AWSRegion("eu-west-1")))
        let start = "Action=\(probe.rawValue)&Version=2016-11-15&DryRun=true"
        #expect(await client.probe(probe, groupID: "sg-1") == .allowed)
        #expect(transport.requests[0].text == start + rest)
        // Without a group the call names nothing at all.
        _ = await client.probe(probe, groupID: nil)
        #expect(transport.requests[1].text == start)
    }

    @Test(arguments: [
        ("AWS.SimpleQueueService.ReadCountOutOfRange", "allowed"), ("KMS.AccessDeniedException", "denied"),
        ("AWS.SimpleQueueService.NonExistentQueue", "missing"), ("AWS.SimpleQueueService.Odd", "unclear"),
    ])
    func `the code that SQS used before its JSON protocol counts as well`(
        _ code: String,
        _ expected: String
    ) async throws {
        let answer = ScriptedTransport.Answer.answer(
            400,
            #"{"__type":"com.amazonaws.sqs#New"}"#,
            ["x-amzn-query-error": "\(code);Sender"]
        )
        let sqs = try AWSSession.scripted(ScriptedTransport([answer])).sqs(queueURL: Self.queue)
        #expect(kind(await sqs.probeReceive(queueURL: Self.queue)) == expected)
    }

    @Test(arguments: [
        ("AccessDeniedException", "denied"), ("ResourceNotFoundException", "missing"),
        ("ValidationException", "unclear"),
    ])
    func `reading a table is asked about with a key that no item has`(_ code: String, _ expected: String) async throws {
        let transport = ScriptedTransport([.answer(400, #"{"__type":"x#\#(code)"}"#), .answer(200, "{}")])
        let client = try AWSSession.scripted(transport).dynamodb()
        let answer = await client.probeRead("claims")
        #expect(kind(answer) == expected)
        #expect("\(answer)".contains("claims"))
        #expect(transport.requests[0].json?["Key"] as? NSDictionary == ["pk": ["S": "probe"]])
        #expect(await client.probeRead("claims") == .allowed)
    }

    @Test(arguments: [("ConditionalCheckFailedException", "allowed"), ("AccessDeniedException", "denied")])
    func `writing to a table is asked about with a condition that never holds`(
        _ code: String,
        _ expected: String
    ) async throws {
        let client = try AWSSession.scripted(ScriptedTransport([Self.sqs(code)])).dynamodb()
        let write = DynamoDBWrite(.put([:]), condition: DynamoDBExpression("attribute_exists(pk)"))
        #expect(kind(await client.probeWrite(write, table: "claims")) == expected)
    }

    @Test(arguments: [
        (#"{"Entries":[{"ErrorCode":"MalformedDetail"}]}"#, "allowed"), (#"{"Entries":[{"EventId":"e"}]}"#, "allowed"),
        (#"{"Entries":[{"ErrorCode":"NotAuthorizedForSourceException"}]}"#, "unclear"),
    ])
    func `putting events is asked about with one that EventBridge refuses`(
        _ body: String,
        _ expected: String
    ) async throws {
        let transport = ScriptedTransport([.answer(200, body), .answer(400, #"{"__type":"AccessDeniedException"}"#)])
        let client = try AWSSession.scripted(transport).eventBridge()
        #expect(kind(await client.probePut(on: "audit")) == expected)
        #expect(transport.requests[0].text.contains(#""Detail":"no JSON""#))
        #expect(kind(await client.probePut(on: "audit")) == "denied")
    }

    @Test func `a bus is asked for by its name`() async throws {
        let transport = ScriptedTransport([
            .answer(200, #"{"Name":"audit"}"#), .answer(400, #"{"__type":"ResourceNotFoundException"}"#),
        ])
        let client = try AWSSession.scripted(transport).eventBridge()
        #expect(await client.probeBus("audit") == .allowed)
        #expect(transport.requests[0].json == ["Name": "audit"])
        #expect(transport.requests[0].headers["X-Amz-Target"] == "AWSEvents.DescribeEventBus")
        #expect(kind(await client.probeBus("audit")) == "missing")
    }
}
