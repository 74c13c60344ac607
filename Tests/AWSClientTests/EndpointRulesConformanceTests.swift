import Foundation
import Testing

@testable import AWSClient

/// AWS's own endpoint test cases for the services that are spoken to.
///
/// Endpoint rules, AWS's cases.
@Suite(.enabled(if: Conformance.isAvailable, "SG_REVERT_CONFORMANCE_DIR is unset")) struct EndpointRulesConformanceTests
{
    /// Regions in the suite that are none: whoever wants what they stand for sets an endpoint or a Region.
    private static let pseudoRegions = [
        "aws-global": "an older way to ask for STS's global host; sts_regional_endpoints=legacy asks for the same",
        "local": "an older way to say AWS_ENDPOINT_URL_DYNAMODB=http://localhost:8000",
    ]
    /// Hosts of one account, or of DynamoDB's search: nothing here asks for either.
    private static let foreign: Set = [
        "AccountId", "AccountIdEndpointMode", "ResourceArn", "ResourceArnList", "IsSearchOperation",
    ]

    @Test(arguments: [(AWSService.sqs, 48), (.ec2, 54), (.sts, 67), (.sns, 49), (.dynamodb, 58)]
    )
    func `finds the hosts and signing Regions that AWS's rules find`(service: AWSService, count: Int) throws {
        let suite = try Conformance.json("endpoint-rules/\(service.rawValue)/endpoint-tests-1.json")
        var run = 0
        for testCase in try #require(suite["testCases"] as? [[String: Any]]) {
            let params = testCase["params"] as? [String: Any] ?? [:]
            let expected = try #require(testCase["expect"] as? [String: Any])
            let region = params["Region"] as? String
            if Self.foreign.contains(where: { params[$0] != nil }) || Self.pseudoRegions[region ?? ""] != nil {
                continue
            }
            run += 1
            let name = "\(testCase["documentation"] ?? params)"
            var environment: [String: String] = [:]
            if params["UseFIPS"] as? Bool == true { environment["AWS_USE_FIPS_ENDPOINT"] = "true" }
            if params["UseDualStack"] as? Bool == true { environment["AWS_USE_DUALSTACK_ENDPOINT"] = "true" }
            if params["UseGlobalEndpoint"] as? Bool == true { environment["AWS_STS_REGIONAL_ENDPOINTS"] = "legacy" }
            let found = try endpoint(service, region, params["Endpoint"] as? String, environment)
            guard let endpoint = expected["endpoint"] as? [String: Any] else {
                #expect(found == nil, "\(name)")
                continue
            }
            #expect(found?.url == "\(endpoint["url"] ?? "")/", "\(name)")
            let schemes = (endpoint["properties"] as? [String: Any])?["authSchemes"] as? [[String: Any]]
            if let scheme = schemes?.first {
                #expect(found?.signingRegion == scheme["signingRegion"] as? String, "\(name)")
                #expect(service.signingName == scheme["signingName"] as? String, "\(name)")
            }
        }
        #expect(run == count)
    }

    /// Where a client goes, or nil where there is an error in place of an address.
    private func endpoint(
        _ service: AWSService,
        _ region: String?,
        _ explicit: String?,
        _ environment: [String: String]
    ) throws -> (url: String, signingRegion: String)? {
        let settings = try EndpointSettings(
            explicit: explicit,
            environment: environment,
            profile: [:],
            config: SharedConfig()
        )
        // An address without a Region is enough for the rules; a signature needs one all the same.
        guard let region = region ?? explicit.map({ _ in "us-east-1" }) else { return nil }
        guard let found = try? settings.endpoint(service, try #require(AWSRegion(region))) else { return nil }
        return (found.url.text, found.signingRegion.description)
    }
}
