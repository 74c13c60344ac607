import Testing

@testable import AWSClient

@Suite struct AWSServiceErrorTests {
    private static func error(_ service: String, _ operation: String, _ code: String) -> AWSServiceError {
        AWSServiceError(service: service, operation: operation, code: code, message: "m", statusCode: 400)
    }

    @Test func `names the queue that does not exist and the setting to check`() async throws {
        let url = "https://sqs.eu-west-1.amazonaws.com/111122223333/gone"
        let transport = ScriptedTransport([
            .answer(
                400,
                #"{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"The specified queue does not exist."}"#,
                ["x-amzn-requestid": "r-1"]
            )
        ])
        let client = try AWSSession.scripted(transport).sqs(queueURL: url)
        await #expect {
            try await client.getQueueAttributes(queueURL: url)
        } throws: { error in
            "\(error)"
                == "queue \(url) does not exist: check --queue-url and its Region "
                + "(sqs GetQueueAttributes: QueueDoesNotExist, HTTP 400, request r-1)"
        }
    }

    @Test(arguments: [
        (
            AWSResource(.topic, "arn:t"), "sns", "Publish", "NotFound",
            "topic arn:t does not exist: check --topic-arn"
        ),
        (
            AWSResource(.table, "claims"), "dynamodb", "GetItem", "ResourceNotFoundException",
            "table claims does not"
        ),
        (AWSResource(.group, "sg-1"), "ec2", "X", "InvalidGroup.NotFound", "security group sg-1 does not exist"),
        (
            AWSResource(.queue, "q"), "sqs", "X", "AccessDenied",
            "sqs X for queue q failed: AccessDenied: m (HTTP 400)"
        ),
        (AWSResource(.queue, "q\u{202E}\n"), "sqs", "X", "C", "sqs X for queue q?? failed"),
    ]
    )
    func `names what a call was about`(
        resource: AWSResource,
        service: String,
        operation: String,
        code: String,
        expected: String
    ) {
        var error = Self.error(service, operation, code)
        error.resource = resource
        #expect("\(error)".hasPrefix(expected))
    }

    @Test func `knows the permission that a call needs`() {
        #expect(Self.error("sqs", "DeleteMessageBatch", "AccessDenied").permission == "sqs:DeleteMessage")
        #expect(
            Self.error("ec2", "RevokeSecurityGroupIngress", "UnauthorizedOperation").permission
                == "ec2:RevokeSecurityGroupIngress"
        )

    }
}
