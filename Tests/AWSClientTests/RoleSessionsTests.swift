import Testing

@testable import AWSClient

@Suite struct RoleSessionsTests {
    private static func credentials(_ key: String) -> ScriptedTransport.Answer {
        .answer(
            200,
            "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>\(key)</AccessKeyId><SecretAccessKey>s"
                + "</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2027-01-15T09:00:00Z</Expiration>"
                + "</Credentials></AssumeRoleResult></AssumeRoleResponse>"
        )
    }

    private static let groups = ScriptedTransport.Answer.answer(
        200,
        "<R><securityGroupInfo></securityGroupInfo></R>"
    )

    @Test func `assumes each account's role once for the clients of all its Regions`() async throws {
        let transport = ScriptedTransport([
            Self.credentials("ASIA1"), Self.groups, Self.groups, Self.credentials("ASIA2"), Self.groups,
        ])
        let base = try AWSSession.scripted(transport)
        let roles = try RoleSessions(
            base: base,
            template: "arn:aws:iam::{account}:role/guard",
            externalID: "x",
            sessionName: "host-1"
        )
        for (account, region) in [
            ("111111111111", "eu-west-1"), ("111111111111", "us-east-1"), ("222222222222", "eu-west-1"),
        ] {
            let region = try #require(AWSRegion(region))
            _ = try await roles.session(account: account).ec2(region: region).describeSecurityGroups(filters: [])
        }
        let requests = transport.requests
        try #require(requests.count == 5)
        for (request, account) in [(requests[0], "111111111111"), (requests[3], "222222222222")] {
            #expect(request.text.contains("RoleArn=arn%3Aaws%3Aiam%3A%3A\(account)%3Arole%2Fguard"))
            #expect(request.text.contains("&RoleSessionName=host-1&ExternalId=x&"))
            #expect(request.headers["Authorization"]?.contains("Credential=AKIDEXAMPLE/") == true)
        }
        let keys = [1, 2, 4].map { requests[$0].headers["Authorization"]?.split(separator: "/").first?.suffix(5) }
        #expect(keys == ["ASIA1", "ASIA1", "ASIA2"])
    }

    @Test(arguments: [
        "role/x", "arn:aws:iam::{account}:user/x", "arn:nope:iam::{account}:role/x", "arn:aws:iam::1:role/x",
    ]
    )
    func `refuses what is no role's ARN`(text: String) throws {
        let base = try AWSSession.scripted(ScriptedTransport([]))
        #expect(throws: AWSClientError.self) { try RoleSessions(base: base, template: text) }
    }

    @Test(arguments: ["", "1", "1:role/y #"])
    func `refuses an account that is none, so that an event cannot bend the ARN`(text: String) throws {
        let base = try AWSSession.scripted(ScriptedTransport([]))
        let roles = try RoleSessions(base: base, template: "arn:aws-cn:iam::{account}:role/x")
        #expect(throws: AWSClientError.self) { try roles.session(account: text) }
    }

    @Test func `has one role for all accounts where the template names no place for an account`() async throws {
        let transport = ScriptedTransport([Self.credentials("ASIA1"), Self.groups, Self.groups])
        let role = "arn:aws:iam::333333333333:role/path/guard"
        let roles = try RoleSessions(base: AWSSession.scripted(transport), template: role)
        for account in ["111111111111", "222222222222"] {
            #expect(roles.arn(account: account) == role)
            let client = try roles.session(account: account).ec2(region: #require(AWSRegion("eu-west-1")))
            _ = try await client.describeSecurityGroups(filters: [])
        }
        #expect(transport.requests.count == 3)
        #expect(transport.requests[0].text.contains("&RoleSessionName=sg-revert&DurationSeconds=3600"))
    }

    @Test func `says that a text is no account, and which ARN it would have made`() throws {
        let base = try AWSSession.scripted(ScriptedTransport([]))
        let roles = try RoleSessions(base: base, template: "arn:aws:iam::{account}:role/x")
        let error = #expect(throws: AWSClientError.self) { try roles.session(account: "12345678901a") }
        #expect(
            error?.description
                == "--role-arn=arn:aws:iam::12345678901a:role/x cannot be used: 12345678901a is no account id"
        )
    }
}
