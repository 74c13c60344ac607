/// The Region and the host in the URL of a queue.
struct QueueAddress {
    /// The Region in the host name, if it is a host of SQS.
    let region: AWSRegion?
    /// The scheme and host, if the host is SQS's own or this machine.
    let endpoint: HTTPURL?
    /// True if the host is an endpoint in a VPC, which no setting may replace with the public one.
    let isVPCEndpoint: Bool

    init(_ queueURL: String) throws(AWSClientError) {
        guard let url = HTTPURL(queueURL), url.path.count > 1 else {
            throw .invalidQueueURL(queueURL, reason: "expected https://HOST/ACCOUNT/NAME")
        }
        region = Self.region(host: url.host)
        isVPCEndpoint = region != nil && url.host.hasPrefix("vpce-")
        let isAWS = region != nil && url.scheme == .https && (url.port ?? 443) == 443
        endpoint = isAWS || url.isLoopback ? HTTPURL("\(url.scheme.rawValue)://\(url.authority)/") : nil
    }

    /// The Region of a host of SQS: `sqs.REGION.SUFFIX` with its FIPS and dual-stack forms, the older
    /// `REGION.queue.SUFFIX` and `queue.amazonaws.com`, or `vpce-….sqs.REGION.vpce.SUFFIX` of a VPC endpoint.
    private static func region(host: String) -> AWSRegion? {
        if host == "queue.amazonaws.com" { return AWSRegion("us-east-1") }
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        guard labels.count >= 4 else { return nil }
        func suffix(_ count: Int) -> String { labels.dropFirst(count).joined(separator: ".") }
        if labels[0].hasPrefix("vpce-"), labels[1] == "sqs", labels[3] == "vpce", let region = AWSRegion(labels[2]) {
            return suffix(4) == region.partition.dnsSuffix ? region : nil
        }
        let isCurrent = labels[0] == "sqs" || labels[0] == "sqs-fips"
        let name = isCurrent ? labels[1] : labels[1] == "queue" ? labels[0] : ""
        guard let region = AWSRegion(name) else { return nil }
        let isDualStack = isCurrent && suffix(2) == region.partition.dualStackDNSSuffix
        return isDualStack || suffix(2) == region.partition.dnsSuffix ? region : nil
    }
}
