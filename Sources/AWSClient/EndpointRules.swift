/// The URL of a service in a Region, by AWS's published endpoint rules.
struct EndpointRules: Sendable, Equatable {
    /// True for hosts whose cryptography is validated to FIPS 140.
    var usesFIPS = false
    /// True for hosts that answer on IPv6, too.
    var usesDualStack = false
    /// True for `sts_regional_endpoints=legacy`: the oldest Regions of STS share one host.
    var usesGlobalSTS = false

    /// The Regions of the oldest STS host.
    private static let globalSTSRegions: Set = [
        "ap-northeast-1", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "ca-central-1", "eu-central-1",
        "eu-north-1",
        "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2",
    ]

    /// The URL, and the Region for which calls are signed.
    func endpoint(_ service: AWSService, _ region: AWSRegion) -> (text: String, signingRegion: AWSRegion) {
        if service == .sts, usesGlobalSTS, !usesFIPS, !usesDualStack,
            Self.globalSTSRegions.contains(region.description), let virginia = AWSRegion("us-east-1")
        {
            return ("https://sts.amazonaws.com/", virginia)
        }
        let partition = region.partition
        // The government's ordinary hosts are FIPS hosts already.
        let marksFIPS = usesFIPS && (usesDualStack || partition != .usGovernment)
        let suffix = usesDualStack ? partition.dualStackDNSSuffix : partition.dnsSuffix
        return ("https://\(service.hostPrefix)\(marksFIPS ? "-fips" : "").\(region).\(suffix)/", region)
    }
}
