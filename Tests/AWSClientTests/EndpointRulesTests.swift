import Testing

@testable import AWSClient

/// The hosts of AWS itself. `EndpointRulesConformanceTests` compares more of them with AWS's published rules, where
/// those are at hand.
@Suite struct EndpointRulesTests {
    private static let plain = EndpointRules()
    private static let fips = EndpointRules(usesFIPS: true)
    private static let dualStack = EndpointRules(usesDualStack: true)
    private static let both = EndpointRules(usesFIPS: true, usesDualStack: true)

    private func host(_ service: AWSService, _ region: String, _ rules: EndpointRules) throws -> String {
        let (text, signingRegion) = rules.endpoint(service, try #require(AWSRegion(region)))
        #expect(signingRegion.description == region)
        let url = try #require(HTTPURL(text))
        #expect(url.text == "https://\(url.host)/")
        return url.host
    }

    @Test(arguments: [
        (AWSService.sqs, "sqs"), (.ec2, "ec2"), (.sns, "sns"), (.sts, "sts"), (.dynamodb, "dynamodb"),
        (.eventbridge, "events"), (.sso, "portal.sso"), (.ssoOIDC, "oidc"),
    ])
    func `every service has a host of its own`(service: AWSService, prefix: String) throws {
        #expect(try host(service, "eu-west-1", Self.plain) == "\(prefix).eu-west-1.amazonaws.com")
    }

    @Test(arguments: [
        (AWSService.sqs, "sqs"), (.ec2, "ec2"), (.sns, "sns"), (.sts, "sts"), (.dynamodb, "dynamodb"),
        (.eventbridge, "events"), (.sso, "awsssoportal"), (.ssoOIDC, "sso-oauth"),
    ])
    func `every service has a name in signatures`(service: AWSService, name: String) {
        #expect(service.signingName == name)
    }

    @Test(arguments: [
        ("us-east-1", "amazonaws.com", "api.aws"),
        ("cn-northwest-1", "amazonaws.com.cn", "api.amazonwebservices.com.cn"),
        ("eusc-de-east-1", "amazonaws.eu", "api.amazonwebservices.eu"),
        ("us-gov-east-1", "amazonaws.com", "api.aws"), ("us-iso-west-1", "c2s.ic.gov", "api.aws.ic.gov"),
        ("us-isob-east-1", "sc2s.sgov.gov", "api.aws.scloud"),
        ("eu-isoe-west-1", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"),
        ("us-isof-east-1", "csp.hci.ic.gov", "api.aws.hci.ic.gov"),
    ])
    func `every partition has two suffixes`(region: String, suffix: String, dualStackSuffix: String) throws {
        #expect(try host(.sqs, region, Self.plain) == "sqs.\(region).\(suffix)")
        #expect(try host(.sqs, region, Self.dualStack) == "sqs.\(region).\(dualStackSuffix)")
    }

    @Test func `FIPS hosts have a name of their own, but for those of the government that are FIPS hosts anyway`()
        throws
    {
        #expect(try host(.ec2, "us-east-2", Self.fips) == "ec2-fips.us-east-2.amazonaws.com")
        #expect(try host(.ec2, "us-gov-west-1", Self.fips) == "ec2.us-gov-west-1.amazonaws.com")
        #expect(try host(.ec2, "us-gov-west-1", Self.both) == "ec2-fips.us-gov-west-1.api.aws")
    }

    @Test func `the oldest Regions share one host of STS where a setting asks for it, and sign for Virginia`() throws {
        let legacy = EndpointRules(usesGlobalSTS: true)
        let (text, region) = legacy.endpoint(.sts, try #require(AWSRegion("ap-south-1")))
        #expect(text == "https://sts.amazonaws.com/")
        #expect(region.description == "us-east-1")
        #expect(try host(.sts, "me-south-1", legacy) == "sts.me-south-1.amazonaws.com")
        #expect(try host(.sqs, "ap-south-1", legacy) == "sqs.ap-south-1.amazonaws.com")
        // The shared host is no FIPS host and has no IPv6.
        let fips = EndpointRules(usesFIPS: true, usesGlobalSTS: true)
        #expect(try host(.sts, "us-east-1", fips) == "sts-fips.us-east-1.amazonaws.com")
        let dualStack = EndpointRules(usesDualStack: true, usesGlobalSTS: true)
        #expect(try host(.sts, "us-east-1", dualStack) == "sts.us-east-1.api.aws")
    }
}
