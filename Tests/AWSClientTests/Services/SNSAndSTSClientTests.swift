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
}
