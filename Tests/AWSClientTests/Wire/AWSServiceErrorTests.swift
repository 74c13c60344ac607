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
        (AWSResource(.queue, "q\u{202E}\n"), "sqs", "X", "C", "sqs X for queue q   failed"),
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

    @Test(arguments: [
        ("sqs", "DeleteMessageBatch", "sqs:DeleteMessage"),
        ("ec2", "RevokeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress"),
        ("eventbridge", "PutEvents", "events:PutEvents"), ("dynamodb", "UpdateItem", "dynamodb:UpdateItem"),
    ])
    func `knows the permission that a call needs`(service: String, operation: String, permission: String) {
        #expect(Self.error(service, operation, "AccessDenied").permission == permission)
    }

    @Test(arguments: [
        (AWSResource.Kind.queue, "AWS.SimpleQueueService.NonExistentQueue", "check --queue-url and its Region"),
        (.topic, "NotFoundException", "check --topic-arn and notify.topic_arn"),
        (.table, "ResourceNotFoundException", "check --claims and the Region"),
        (.eventBus, "ResourceNotFoundException", "check --event-bus and the Region"),
        (.group, "InvalidGroup.NotFound", "check its id and Region"),
    ])
    func `tells how to find a thing that does not exist`(kind: AWSResource.Kind, code: String, advice: String) {
        var error = Self.error("s", "o", code)
        error.resource = AWSResource(kind, "n")
        #expect(error.isMissingResource)
        #expect(error.description == "\(kind.rawValue) n does not exist: \(advice) (s o: \(code), HTTP 400)")
        error.resource = nil
        #expect(!error.isMissingResource)
    }

    @Test func `does not say of a role that it is missing, because STS does not tell`() {
        for kind in [AWSResource.Kind.role, .prefixList] {
            var error = Self.error("sts", "AssumeRole", "NotFound")
            error.resource = AWSResource(kind, "n")
            #expect(!error.isMissingResource)
            #expect(!AWSResource(kind, "n").advice.isEmpty)
        }
    }

    @Test(arguments: [(301, "301 s ahead of AWS's"), (-4000, "4000 s behind AWS's")])
    func `says in which direction the clock is wrong`(lead: Int, text: String) {
        var error = Self.error("ec2", "o", "AuthFailure")
        error.clockLead = lead
        #expect(error.description.contains("; this machine's clock is \(text): set it, for instance with timedatectl"))
    }

    @Test(arguments: [
        ("sts", "IDPCommunicationError", 400, true), ("ec2", "IDPCommunicationError", 400, false),
        ("ec2", "RequestTimeout", 400, true), ("ec2", "X", 501, false), ("ec2", "X", 504, true),
        ("ec2", "Throttling", 503, false),
    ])
    func `tells a failure of the service from one of the call`(
        service: String,
        code: String,
        status: Int,
        isTransient: Bool
    ) {
        let error = AWSServiceError(service: service, operation: "o", code: code, statusCode: status)
        #expect(error.isTransient == isTransient)
    }
}
