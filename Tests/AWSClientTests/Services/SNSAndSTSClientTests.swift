import Foundation
import Testing

@testable import AWSClient

/// SNSClient and STSClient.
@Suite struct SNSAndSTSClientTests {
    @Test func `publishes with attributes in a stable order`() async throws {
        let transport = ScriptedTransport([
            .answer(200, "<PublishResponse><PublishResult><MessageId>m</MessageId></PublishResult></PublishResponse>")
        ])
        let topic = "arn:aws:sns:us-east-1:111122223333:t"
        let id = try await AWSSession.scripted(transport).sns(topicARN: topic)
            .publish(topicARN: topic, subject: nil, message: "m é", attributes: ["b": "2", "a": "1"])
        #expect(id == "m")
        #expect(
            transport.requests[0].text == "Action=Publish&Version=2010-03-31"
                + "&TopicArn=arn%3Aaws%3Asns%3Aus-east-1%3A111122223333%3At&Message=m%20%C3%A9"
                + "&MessageAttributes.entry.1.Name=a&MessageAttributes.entry.1.Value.DataType=String"
                + "&MessageAttributes.entry.1.Value.StringValue=1&MessageAttributes.entry.2.Name=b"
                + "&MessageAttributes.entry.2.Value.DataType=String&MessageAttributes.entry.2.Value.StringValue=2"
        )
        #expect(transport.requests[0].headers["Authorization"]?.contains("/us-east-1/sns/aws4_request") == true)
    }

    private static func assumed(expiration: String) -> ScriptedTransport.Answer {
        .answer(
            200,
            "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>s/+="
                + "</SecretAccessKey><SessionToken>t</SessionToken><Expiration>\(expiration)</Expiration></Credentials>"
                + "<AssumedRoleUser><Arn>arn:aws:sts::444455556666:assumed-role/r/n</Arn></AssumedRoleUser>"
                + "</AssumeRoleResult></AssumeRoleResponse>"
        )
    }

    private func assumeRole(expiration: String) async throws -> (Credentials, ScriptedTransport) {
        let transport = ScriptedTransport([Self.assumed(expiration: expiration)])
        let client = try AWSSession.scripted(transport).sts()
        let role = "arn:aws:iam::444455556666:role/r"
        return (try await client.assumeRole(roleARN: role, sessionName: "n", externalID: "x"), transport)
    }

    @Test(arguments: [("2027-01-15T09:00:00Z", 0.0), ("2027-01-15T09:00:00.500Z", 0.5)]
    )
    func `assumes a role until its expiration, with or without fractions of a second`(
        expiration: String,
        fraction: Double
    ) async throws {
        let (credentials, transport) = try await assumeRole(expiration: expiration)
        #expect(
            credentials
                == Credentials(
                    accessKeyID: "ASIA",
                    secretAccessKey: "s/+=",
                    sessionToken: "t",
                    expiration: TestSystem.start + 3600 + fraction,
                    accountID: "444455556666"
                )
        )
        #expect(
            transport.requests[0].text == "Action=AssumeRole&Version=2011-06-15"
                + "&RoleArn=arn%3Aaws%3Aiam%3A%3A444455556666%3Arole%2Fr&RoleSessionName=n&ExternalId=x&DurationSeconds=3600"
        )
    }

    @Test(arguments: ["", "tomorrow"])
    func `takes no credentials whose end is unknown`(expiration: String) async {
        await #expect(throws: AWSClientError.self) { try await assumeRole(expiration: expiration) }
    }

    @Test func `a session of an assumed role signs with the role's credentials, assumed once`() async throws {
        let role = "arn:aws:iam::444455556666:role/r"
        let transport = ScriptedTransport([
            Self.assumed(expiration: "2027-01-15T09:00:00Z"), .answer(503, ""), .answer(400, ""),
        ])
        let session = try AWSSession.scripted(transport)
        let client = try session.assuming(roleARN: role, sessionName: "n").sts()
        await #expect(throws: AWSServiceError.self) { try await client.getCallerIdentity() }
        let keys = transport.requests.map { $0.headers["Authorization"]?.contains("Credential=ASIA/") }
        #expect(keys == [false, true, true])
        #expect(transport.requests[1].headers["X-Amz-Security-Token"] != nil)
        #expect(!transport.requests[0].text.contains("ExternalId"))
    }

    @Test func `asks who signs`() async throws {
        let transport = ScriptedTransport([
            .answer(
                200,
                "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::111122223333:user/a</Arn><UserId>AIDA"
                    + "</UserId><Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
            )
        ])
        #expect(
            try await AWSSession.scripted(transport).sts().getCallerIdentity()
                == CallerIdentity(account: "111122223333", arn: "arn:aws:iam::111122223333:user/a", userID: "AIDA")
        )
        #expect(transport.requests[0].text == "Action=GetCallerIdentity&Version=2011-06-15")
    }

    @Test(arguments: ["AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration", "Credentials"])
    func `takes no credentials that lack a part`(part: String) async throws {
        let whole = Self.assumed(expiration: "2027-01-15T09:00:00Z")
        let body = String(decoding: try whole.get().body, as: UTF8.self)
            .replacing("<\(part)>", with: "<Other>").replacing("</\(part)>", with: "</Other>")
        let client = try AWSSession.scripted(ScriptedTransport([.answer(200, body)])).sts()
        let error = await #expect(throws: AWSClientError.self) {
            try await client.assumeRole(roleARN: "arn:r", sessionName: "n")
        }
        #expect(error?.description.contains("the credentials are incomplete") == true)
    }

    @Test func `names the role that may not be assumed`() async throws {
        let body = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>"
        let client = try AWSSession.scripted(ScriptedTransport([.answer(403, body)])).sts()
        let error = await #expect(throws: AWSServiceError.self) {
            try await client.assumeRole(roleARN: "arn:r", sessionName: "n", durationSeconds: 900)
        }
        #expect(error?.description == "sts AssumeRole for role arn:r failed: AccessDenied: no (HTTP 403)")
    }

    @Test(arguments: ["Account", "Arn", "UserId", "GetCallerIdentityResult"])
    func `knows nobody of whom a part is missing`(part: String) async throws {
        let body =
            "<R><GetCallerIdentityResult><Arn>a</Arn><UserId>u</UserId><Account>1</Account></GetCallerIdentityResult></R>"
            .replacing("<\(part)>", with: "<Other>").replacing("</\(part)>", with: "</Other>")
        let client = try AWSSession.scripted(ScriptedTransport([.answer(200, body)])).sts()
        await #expect(throws: AWSClientError.self) { try await client.getCallerIdentity() }
    }

    @Test(arguments: [("Fri, 15 Jan 2027 07:59:00 GMT", -60.0), ("yesterday", nil)])
    func `tells the time of AWS's clock beside the identity`(date: String, offset: TimeInterval?) async throws {
        let body =
            "<R><GetCallerIdentityResult><Arn>a</Arn><UserId>u</UserId><Account>1</Account></GetCallerIdentityResult></R>"
        let client = try AWSSession.scripted(ScriptedTransport([.answer(200, body, ["Date": date])])).sts()
        let identity = try await client.getCallerIdentity()
        #expect(identity.answeredAt == offset.map { TestSystem.start + $0 })
    }

    @Test func `publishes a subject, and takes no answer for published that has no id`() async throws {
        let topic = "arn:aws:sns:us-east-1:111122223333:t"
        let transport = ScriptedTransport([.answer(200, "<R><PublishResult/></R>")])
        let client = try AWSSession.scripted(transport).sns(topicARN: topic)
        let error = await #expect(throws: AWSClientError.self) {
            try await client.publish(topicARN: topic, subject: "a b", message: "m")
        }
        #expect(error?.description.contains("there is no MessageId") == true)
        #expect(transport.requests[0].text.hasSuffix("&Subject=a%20b&Message=m"))
    }

    @Test func `names the topic that does not exist`() async throws {
        let topic = "arn:aws:sns:us-east-1:111122223333:t"
        let body = "<ErrorResponse><Error><Code>NotFound</Code></Error><RequestId>r</RequestId></ErrorResponse>"
        let client = try AWSSession.scripted(ScriptedTransport([.answer(404, body)])).sns(topicARN: topic)
        let error = await #expect(throws: AWSServiceError.self) {
            try await client.publish(topicARN: topic, subject: nil, message: "m")
        }
        #expect(error?.description.hasPrefix("topic \(topic) does not exist: check --topic-arn") == true)
        #expect(error?.requestID == "r")
    }
}
