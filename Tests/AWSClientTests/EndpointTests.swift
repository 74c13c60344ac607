import Foundation
import Logging
import Testing

@testable import AWSClient

/// Endpoints and Regions.
@Suite struct EndpointTests {
    private func session(
        _ environment: [String: String] = [:],
        config: String = "",
        profile: String? = nil,
        region: String? = nil,
        endpointURL: String? = nil
    ) throws -> AWSSession {
        try AWSSession(
            environment: ["HOME": "/home"].merging(environment) { $1 },
            profile: profile,
            region: region,
            endpointURL: endpointURL,
            transport: ScriptedTransport([]),
            logger: Logger(label: "test"),
            system: TestSystem(files: ["/home/.aws/config": config]).system
        )
    }

    private let ireland = AWSRegion("eu-west-1")

    @Test func `takes the Region from the nearest setting`() throws {
        let config = "[default]\nregion = eu-west-4"
        let environment = ["AWS_REGION": "eu-west-2", "AWS_DEFAULT_REGION": "eu-west-3"]
        #expect(try session(environment, config: config, region: "eu-west-1").region?.description == "eu-west-1")
        #expect(try session(environment, config: config).region?.description == "eu-west-2")
        #expect(
            try session(["AWS_REGION": " ", "AWS_DEFAULT_REGION": "eu-west-3"], config: config).region?.description
                == "eu-west-3"
        )
        #expect(try session(config: config).region?.description == "eu-west-4")
        #expect(try session().region == nil)
        #expect(throws: AWSClientError.self) { try session(["AWS_REGION": "evil.com/"]) }
        #expect(throws: AWSClientError.missingRegion) { try session().sts() }
    }

    @Test func `builds AWS's own hosts in every partition`() throws {
        let china = try #require(AWSRegion("cn-north-1"))
        let client = try session().ec2(region: china).client
        #expect(client.endpoint.text == "https://ec2.cn-north-1.amazonaws.com.cn/")
        #expect(try session().sts(region: ireland).client.endpoint.text == "https://sts.eu-west-1.amazonaws.com/")
        let sns = try session().sns(topicARN: "arn:aws-us-gov:sns:us-gov-west-1:123456789012:t").client
        #expect(sns.endpoint.text == "https://sns.us-gov-west-1.amazonaws.com/")
        #expect(sns.region.description == "us-gov-west-1")
    }

    @Test(arguments: [
        "", "t", "arn:aws:sqs:eu-west-1:123456789012:t", "arn:aws:sns:evil.com:123456789012:t",
        "arn:aws-cn:sns:eu-west-1:123456789012:t", "arn:aws:sns:eu-west-1:123456789012:t:sub",
    ]
    )
    func `takes no topic ARN of an unknown form`(text: String) throws {
        let session = try session()
        #expect(throws: AWSClientError.invalidTopicARN(text)) { try session.sns(topicARN: text) }
    }

    @Test(arguments: [
        ("https://sqs.us-east-1.amazonaws.com/1/q", "https://sqs.us-east-1.amazonaws.com/", "us-east-1"),
        ("https://us-east-2.queue.amazonaws.com/1/q", "https://us-east-2.queue.amazonaws.com/", "us-east-2"),
        ("https://us-east-2.queue.amazonaws.com:443/1/q", "https://us-east-2.queue.amazonaws.com/", "us-east-2"),
        ("https://queue.amazonaws.com/1/q", "https://queue.amazonaws.com/", "us-east-1"),
        ("https://sqs.us-east-1.amazonaws.com:443/1/q", "https://sqs.us-east-1.amazonaws.com/", "us-east-1"),
        (
            "https://vpce-0a1b-c2d3-us-east-2a.sqs.us-east-2.vpce.amazonaws.com/1/q",
            "https://vpce-0a1b-c2d3-us-east-2a.sqs.us-east-2.vpce.amazonaws.com/", "us-east-2"
        ),
        ("https://sqs.cn-north-1.amazonaws.com.cn/1/q", "https://sqs.cn-north-1.amazonaws.com.cn/", "cn-north-1"),
        ("http://localhost:4566/000000000000/q", "http://localhost:4566/", "eu-west-1"),
    ]
    )
    func `speaks to the queue's own host and signs for its Region`(url: String, endpoint: String, region: String) throws
    {
        let client = try session(region: "eu-west-1").sqs(queueURL: url).client
        #expect(client.endpoint.text == endpoint)
        #expect(client.region.description == region)
    }

    @Test(arguments: [
        "https://sqs.example.com/1/q", "https://sqs.us-east-1.amazonaws.com:8443/1/q",
        "https://vpce-1.sqs.us-east-1.vpce.example.com/1/q", "https://vpce-1.ec2.us-east-1.vpce.amazonaws.com/1/q",
        "https://x.queue.amazonaws.com/1/q", "http://sqs.us-east-1.amazonaws.com/1/q",
    ]
    )
    func `names the setting that helps where a queue's host is unknown`(url: String) throws {
        let session = try session()
        #expect {
            try session.sqs(queueURL: url)
        } throws: { "\($0)".contains("set AWS_ENDPOINT_URL_SQS") }
    }

    @Test func `keeps a VPC endpoint where FIPS hosts are wanted`() throws {
        let host = "vpce-1.sqs.us-east-2.vpce.amazonaws.com"
        let session = try session(["AWS_USE_FIPS_ENDPOINT": "true"])
        #expect(try session.sqs(queueURL: "https://\(host)/1/q").client.endpoint.host == host)
    }

    @Test(arguments: [
        (["AWS_USE_FIPS_ENDPOINT": "true"], "https://sqs-fips.us-east-2.amazonaws.com/"),
        (["AWS_USE_DUALSTACK_ENDPOINT": "true"], "https://sqs.us-east-2.api.aws/"), ([:], ""),
    ]
    )
    func `asks for FIPS and dual-stack hosts where they are wanted, of queues too`(
        environment: [String: String],
        endpoint: String
    ) throws {
        let session = try session(environment)
        for host in [
            "sqs.us-east-2.amazonaws.com", "us-east-2.queue.amazonaws.com", "sqs-fips.us-east-2.amazonaws.com",
            "sqs.us-east-2.api.aws", "sqs-fips.us-east-2.api.aws",
        ] {
            let client = try session.sqs(queueURL: "https://\(host)/1/q").client
            #expect(client.endpoint.text == (endpoint.isEmpty ? "https://\(host)/" : endpoint))
            #expect(client.region.description == "us-east-2")
        }
    }

    @Test func `reads yes and no from the profile where the environment is silent`() throws {
        let config = "[default]\nuse_fips_endpoint = true\nsts_regional_endpoints = legacy"
        let fips = try session(config: config).sts(region: ireland).client
        #expect(fips.endpoint.text == "https://sts-fips.eu-west-1.amazonaws.com/")
        let legacy = try session(["AWS_USE_FIPS_ENDPOINT": "false"], config: config).sts(region: ireland).client
        #expect(legacy.endpoint.text == "https://sts.amazonaws.com/")
        #expect(legacy.region.description == "us-east-1")
    }

    @Test func `finds the certificates to trust, and says where they are not`() throws {
        let system = TestSystem(files: [
            "/home/.aws/config": "[profile a]\nca_bundle = /a.pem", "/a.pem": "A", "/b.pem": "B",
        ])
        func bundle(_ environment: [String: String], profile: String? = nil) throws -> String? {
            try AWSSession.caBundle(
                environment: environment.merging(["HOME": "/home"]) { $1 },
                profile: profile,
                system: system.system
            )
        }
        #expect(try bundle([:]) == nil)
        #expect(try bundle(["AWS_CA_BUNDLE": " "]) == nil)
        #expect(try bundle([:], profile: "a") == "/a.pem")
        #expect(try bundle(["AWS_PROFILE": "a", "AWS_CA_BUNDLE": "/b.pem"]) == "/b.pem")
        #expect(throws: AWSClientError.self) { try bundle(["AWS_CA_BUNDLE": "/missing.pem"]) }
    }

    @Test(arguments: [
        "", "q", "https://evil.com/1/q", "https://sqs.us-east-1.amazonaws.com.evil.com/1/q",
        "https://sqs.us-east-1.evil.com/1/q", "https://sqs.evil.amazonaws.com/1/q",
        "http://sqs.us-east-1.amazonaws.com/1/q", "https://sqs.us-east-1.amazonaws.com:8443/1/q",
        "https://sqs.cn-north-1.amazonaws.com/1/q", "https://sqs.us-east-1.amazonaws.com/",
        "https://sqs.us-east-1.amazonaws.com@evil.com/1/q",
    ]
    )
    func `sends a signed request to no other host`(url: String) throws {
        let session = try session(region: "eu-west-1")
        #expect(throws: AWSClientError.self) { try session.sqs(queueURL: url) }
    }

    @Test func `takes a queue URL for an opaque name where an endpoint is configured`() throws {
        let emulator = ["AWS_ENDPOINT_URL": "http://localhost:5000", "AWS_REGION": "eu-west-1"]
        let real = try session(emulator).sqs(queueURL: "https://sqs.us-east-1.amazonaws.com/1/q").client
        #expect(real.endpoint.text == "http://localhost:5000/")
        #expect(real.region.description == "us-east-1")
        let other = try session(emulator).sqs(queueURL: "http://emulator:9324/1/q").client
        #expect(other.endpoint.text == "http://localhost:5000/")
        #expect(other.region.description == "eu-west-1")
    }

    @Test(arguments: [
        ("AWS_ENDPOINT_URL", "localhost:4566"), ("AWS_ENDPOINT_URL_SQS", "ftp://x"),
        ("AWS_ENDPOINT_URL_EC2", "http://example.com"), ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "yes"),
        ("AWS_MAX_ATTEMPTS", "0"), ("AWS_MAX_ATTEMPTS", "many"), ("AWS_USE_FIPS_ENDPOINT", "on"),
        ("AWS_USE_DUALSTACK_ENDPOINT", "1"), ("AWS_STS_REGIONAL_ENDPOINTS", "both"),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv5"), ("AWS_REGION", "nowhere"),
    ]
    )
    func `says which setting is wrong`(name: String, value: String) {
        #expect {
            try session([name: value])
        } throws: { error in
            "\(error)".hasPrefix("\(name)=\(value) cannot be used")
        }
    }

    @Test(
        .enabled(if: Conformance.isAvailable, "SG_REVERT_CONFORMANCE_DIR is unset")
    )
    func `keeps to AWS's order of endpoint settings`() throws {
        // The suite is about S3 and DynamoDB; the rules are the same for every service.
        let text = try Conformance.text("configured-endpoint-urls/profile-tests.json")
            .replacingOccurrences(of: "_DYNAMODB", with: "_SNS").replacingOccurrences(
                of: "\"dynamodb\"",
                with: "\"sns\""
            )
            .replacingOccurrences(of: "URL_S3", with: "URL_SQS").replacingOccurrences(of: "\"s3\"", with: "\"sqs\"")
        let json = try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        let suite = try #require((json["testSuites"] as? [[String: Any]])?.first)
        let profiles = try #require(suite["profiles"] as? [String: [String: String]])
        let services = try #require(suite["services"] as? [String: [String: [String: String]]])
        let environments = try #require(suite["environments"] as? [String: [String: String]])
        let clientConfigs = try #require(suite["client_configs"] as? [String: [String: Any]])
        let config = SharedConfig(
            services: services.mapValues { section in
                section.mapValues { $0.map { "\n\($0.key) = \($0.value)" }.joined() }
            }
        )
        let cases = try #require(suite["endpointUrlTests"] as? [[String: Any]])
        #expect(cases.count == 39)
        for testCase in cases {
            func value(_ key: String) throws -> String { try #require(testCase[key] as? String) }
            var environment = environments[try value("environment")] ?? [:]
            let client = clientConfigs[try value("client_config")] ?? [:]
            let profile = profiles[try value("profile")] ?? [:]
            if client["ignore_configured_endpoint_urls"] as? Bool == true {
                environment["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "true"
            }
            let settings = try EndpointSettings(
                explicit: client["endpoint_url"] as? String,
                environment: environment,
                profile: profile,
                config: config
            )
            let name = try value("service")
            let service = try #require(AWSService(rawValue: name))
            let expected = (testCase["output"] as? [String: String])?["endpointUrl"]
            // Where nothing is configured the suite names AWS's own host, in a Region that does not exist.
            let configured = expected.flatMap { $0.contains("amazonaws.com") ? nil : HTTPURL($0) }
            #expect(try settings.override(service) == configured, "\(testCase["name"] ?? "")")
        }
    }
}
