/// What the URL of a queue says of its Region and of the host to speak to.
struct QueueAddress {
    /// The Region in the host's name, if it is a host of SQS.
    let region: AWSRegion?
    /// The scheme and host, if the host is SQS's own or this machine.
    let endpoint: HTTPURL?

    init(_ queueURL: String) throws(AWSClientError) {
        guard let url = HTTPURL(queueURL), url.path.count > 1 else {
            throw .invalidQueueURL(queueURL, reason: "expected https://HOST/ACCOUNT/NAME")
        }
        region = Self.region(host: url.host)
        let isOurs = region != nil && url.scheme == .https && url.port == nil || url.isLoopback
        endpoint = isOurs ? HTTPURL("\(url.scheme.rawValue)://\(url.authority)/") : nil
    }

    /// `sqs.REGION.SUFFIX` with its FIPS and dual-stack forms, or the older `REGION.queue.SUFFIX`.
    private static func region(host: String) -> AWSRegion? {
        let labels = host.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
        guard labels.count == 3 else { return nil }
        let isCurrent = labels[0] == "sqs" || labels[0] == "sqs-fips"
        let name = isCurrent ? labels[1] : labels[1] == "queue" ? labels[0] : ""
        guard let region = AWSRegion(name) else { return nil }
        let isDualStack = isCurrent && labels[2] == region.partition.dualStackDNSSuffix
        return isDualStack || labels[2] == region.partition.dnsSuffix ? region : nil
    }
}
