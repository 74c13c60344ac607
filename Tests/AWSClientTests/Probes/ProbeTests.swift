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
        }
    }

    @Test(arguments: [
        ("DryRunOperation", "allowed"), ("UnauthorizedOperation", "denied"), ("InvalidGroup.NotFound", "missing"),
        ("InvalidSecurityGroupRuleId.NotFound", "allowed"), ("AuthFailure", "unclear"), ("OptInRequired", "unclear"),
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
}
