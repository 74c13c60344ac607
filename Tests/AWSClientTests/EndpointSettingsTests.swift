import Testing

@testable import AWSClient

@Suite struct EndpointSettingsTests {
    private func settings(
        explicit: String? = nil,
        _ environment: [String: String] = [:],
        profile: [String: String] = [:],
        config text: String = ""
    ) throws -> EndpointSettings {
        var config = SharedConfig()
        try config.add(text, kind: .config)
        return try EndpointSettings(explicit: explicit, environment: environment, profile: profile, config: config)
    }

    private func refusal(
        explicit: String? = nil,
        _ environment: [String: String] = [:],
        profile: [String: String] = [:]
    ) -> String {
        let error = #expect(throws: AWSClientError.self) {
            let settings = try settings(explicit: explicit, environment, profile: profile)
            for service in AWSService.allCases { _ = try settings.override(service) }
        }
        return "\(error.map { "\($0)" } ?? "")"
    }

    @Test func `uses the nearest of five settings`() throws {
        var environment = [
            "AWS_ENDPOINT_URL_SQS": "https://service.example", "AWS_ENDPOINT_URL": "https://all.example",
        ]
        var profile = ["services": "local", "endpoint_url": "https://profile.example"]
        let config = "[services local]\nsqs =\n  endpoint_url = https://section.example"
        func host(explicit: String? = nil) throws -> String? {
            try settings(explicit: explicit, environment, profile: profile, config: config).override(.sqs)?.host
        }
        #expect(try host(explicit: "https://flag.example") == "flag.example")
        #expect(try host() == "service.example")
        environment["AWS_ENDPOINT_URL_SQS"] = nil
        #expect(try host() == "all.example")
        environment["AWS_ENDPOINT_URL"] = " "
        #expect(try host() == "section.example")
        profile["services"] = "no-such-section"
        #expect(try host() == "profile.example")
        profile["endpoint_url"] = nil
        #expect(try host() == nil)
    }

    @Test(arguments: [
        ("AWS_ENDPOINT_URL_EVENTBRIDGE", AWSService.eventbridge), ("AWS_ENDPOINT_URL_DYNAMODB", .dynamodb),
        ("AWS_ENDPOINT_URL_SSO_OIDC", .ssoOIDC), ("AWS_ENDPOINT_URL_SSO", .sso),
    ])
    func `uses the setting of one service for that service alone`(name: String, service: AWSService) throws {
        let settings = try settings([name: "https://own.example/base"])
        for other in AWSService.allCases {
            #expect(try settings.override(other)?.text == (other == service ? "https://own.example/base" : nil))
        }
    }

    @Test func `ignores configured endpoints where a setting asks for it, but not the one of the flag`() throws {
        let ignoring = ["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "True", "AWS_ENDPOINT_URL": "https://all.example"]
        #expect(try settings(ignoring).override(.ec2) == nil)
        #expect(try settings(explicit: "https://flag.example", ignoring).override(.ec2)?.host == "flag.example")
        let profile = ["ignore_configured_endpoint_urls": "true", "endpoint_url": "https://profile.example"]
        #expect(try settings(profile: profile).override(.ec2) == nil)
    }

    @Test(arguments: ["AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"])
    func `refuses a configured endpoint where AWS's own host of a certain kind is wanted`(name: String) throws {
        let environment = [name: "true", "AWS_ENDPOINT_URL_SNS": "https://own.example"]
        let reason = "the endpoint https://own.example/ is configured for sns; drop one of the two settings"
        #expect(refusal(environment) == "\(name)=true cannot be used: \(reason)")
        #expect(try settings(environment).override(.sqs) == nil)
    }

    @Test func `refuses DynamoDB's dual-stack host as a configured endpoint, and names the setting that works`() throws
    {
        let region = try #require(AWSRegion("eu-west-1"))
        let settings = try settings(["AWS_ENDPOINT_URL": "https://dynamodb.eu-west-1.api.aws"])
        let error = #expect(throws: AWSClientError.self) { try settings.endpoint(.dynamodb, region) }
        #expect(error?.description.hasSuffix("set AWS_USE_DUALSTACK_ENDPOINT=true in its place") == true)
        #expect(try settings.endpoint(.sqs, region).url.host == "dynamodb.eu-west-1.api.aws")
        #expect(
            try settings.endpoint(.dynamodb, #require(AWSRegion("eu-west-2"))).signingRegion.description == "eu-west-2"
        )
    }

    @Test(arguments: [
        ("http://example.com", "plain http is for this machine only; use https"),
        ("https://example.com/?a=b", "expected https://HOST[:PORT], without user and query"),
        ("example.com", "expected https://HOST[:PORT], without user and query"),
        ("https://me:SEC@RET@example.com", "expected https://HOST[:PORT], without user and query"),
    ])
    func `says which of the settings cannot be used, without a password`(text: String, reason: String) {
        #expect(refusal(explicit: text).hasPrefix("--endpoint-url="))
        #expect(refusal(["AWS_ENDPOINT_URL_STS": text]).hasPrefix("AWS_ENDPOINT_URL_STS="))
        for shown in [refusal(["AWS_ENDPOINT_URL": text]), refusal(profile: ["endpoint_url": text])] {
            #expect(shown.hasSuffix(" cannot be used: \(reason)"))
            #expect(!shown.contains("SEC") && !shown.contains("RET"))
        }
    }
}
