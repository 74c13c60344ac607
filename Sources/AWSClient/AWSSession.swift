package import CoreMetrics
import Formats
package import Logging

/// The entry to AWS: credentials, endpoints, and the clients that make calls.
///
/// Settings are read once, in the order of every AWS SDK: parameters, the environment, the shared files. A client
/// should be kept, because its retry quota and what it learned about the service's clock are part of it.
package struct AWSSession: Sendable {
    /// The default Region, if any setting names one.
    package let region: AWSRegion?

    private let cache: CredentialCache
    private let sources: CredentialSources

    /// Reads the settings.
    ///
    /// - Parameters:
    ///   - environment: A snapshot of the process's environment.
    ///   - profile: Takes precedence over `AWS_PROFILE`, and then also over keys in the environment.
    ///   - region: Takes precedence over `AWS_REGION`, `AWS_DEFAULT_REGION` and the profile.
    ///   - endpointURL: The URL for every call, such as an emulator's. It takes precedence over every configured
    ///     endpoint.
    ///   - metrics: Counts and times every attempt of every call, as `sg_revert_api_calls_total` and
    ///     `sg_revert_api_seconds`.
    ///   - version: The program's version, for the `User-Agent` header.
    /// - Throws: `AWSClientError` for a setting that cannot be used. Credentials are looked for at the first call.
    package init(
        environment: [String: String],
        profile: String? = nil,
        region: String? = nil,
        endpointURL: String? = nil,
        transport: any HTTPTransport,
        logger: Logger,
        metrics: any MetricsFactory = NOOPMetricsHandler.instance,
        version: String = "dev",
        system: HostSystem = .current
    ) throws(AWSClientError) {
        let files = SharedFiles(environment: environment, profile: profile, readFile: system.readFile)
        let config = try files.load()
        let properties = config.profiles[files.profile] ?? [:]

        let chosenRegion = try Self.defaultRegion(flag: region, environment, properties)
        let runtime = AWSServiceClient.Runtime(
            transport: transport,
            system: system,
            maximumAttempts: try Self.maximumAttempts(environment, properties),
            userAgent: UserAgent.text(version: version, environment: environment, profile: properties),
            logger: logger,
            metrics: CallMetrics(factory: metrics)
        )
        let instance = try InstanceMetadataSettings(environment: environment, profile: properties)
        sources = CredentialSources(
            environment: environment,
            region: chosenRegion,
            endpoints: try EndpointSettings(
                explicit: endpointURL,
                environment: environment,
                profile: properties,
                config: config
            ),
            runtime: runtime,
            instance: InstanceMetadata(settings: instance, runtime: runtime)
        )
        self.region = chosenRegion
        cache = CredentialCache(sources.defaultChain(files, isProfileExplicit: profile != nil), runtime: runtime)
    }

    private init(region: AWSRegion?, sources: CredentialSources, cache: CredentialCache) {
        self.region = region
        self.sources = sources
        self.cache = cache
    }

    /// The same session. If no setting names a Region, it uses that of the EC2 instance on which the program runs.
    /// Nothing is asked if the Region is known.
    package func locatingRegion() async throws -> AWSSession {
        guard region == nil, let found = try await sources.instance.region() else { return self }
        return AWSSession(region: found, sources: sources, cache: cache)
    }

    /// Credentials that are valid now. They are fetched if necessary.
    package var credentials: Credentials {
        get async throws { try await cache.credentials() }
    }

    /// The transport of the session's requests, with its proxies and certificates. Calls to other servers than AWS use it, too.
    package var transport: any HTTPTransport { sources.runtime.transport }

    /// Fetches new credentials ahead of their end, for this session and every session made from it, until the task is
    /// cancelled. Without it, a call waits for new credentials shortly before the old ones end.
    package func keepCredentialsFresh() async {
        await sources.runtime.refresher.run()
    }

    /// The same settings with the credentials of a role, which are fetched once for all clients and kept fresh.
    ///
    /// - Parameters:
    ///   - name: 2–64 characters of `[\w+=,.@-]`. CloudTrail shows it.
    ///   - externalID: The external id that the role's trust policy asks for.
    package func assuming(
        roleARN: String,
        sessionName name: String,
        externalID: String? = nil
    ) throws(AWSClientError) -> AWSSession {
        let role = AssumedRole(roleARN: roleARN, sessionName: name, externalID: externalID, client: try sts())
        return AWSSession(
            region: region,
            sources: sources,
            cache: CredentialCache(role, runtime: sources.runtime)
        )
    }

    // MARK: Clients

    /// A client for the queue at `queueURL`.
    ///
    /// Calls go to the URL's own host and are signed for its Region, which may differ from the default one. If an
    /// endpoint is configured, they go there, and the URL is only a name.
    ///
    /// - Throws: `AWSClientError.invalidQueueURL` if the host is neither an SQS host of a known Region nor loopback.
    ///   Signed requests go nowhere else.
    package func sqs(queueURL: String) throws(AWSClientError) -> SQSClient {
        let queue = try QueueAddress(queueURL)
        if let override = try sources.endpoints.override(.sqs) {
            return SQSClient(client: client(.sqs, try chosen(queue.region), override))
        }
        guard let endpoint = queue.endpoint else {
            throw .invalidQueueURL(
                queueURL,
                reason: "its host is no SQS host of a known Region; expected https://sqs.REGION.amazonaws.com/…, "
                    + "or set AWS_ENDPOINT_URL_SQS to the address that serves it"
            )
        }
        let rules = sources.endpoints.rules
        if let region = queue.region, !queue.isVPCEndpoint, rules.usesFIPS || rules.usesDualStack {
            return SQSClient(client: try client(.sqs, region))
        }
        return SQSClient(client: client(.sqs, try chosen(queue.region), endpoint))
    }

    /// A client for queues in `region`, or the default Region, to find one by name.
    package func sqs(region: AWSRegion? = nil) throws(AWSClientError) -> SQSClient {
        SQSClient(client: try client(.sqs, region))
    }

    /// A client for the security groups of `region`.
    package func ec2(region: AWSRegion) throws(AWSClientError) -> EC2Client {
        EC2Client(client: try client(.ec2, region))
    }

    /// A client for a topic, in the Region that its ARN names.
    package func sns(topicARN: String) throws(AWSClientError) -> SNSClient {
        // A resource with a colon is a subscription.
        guard let arn = ARN(topicARN), arn.service == "sns", !arn.resource.contains(":"),
            let region = AWSRegion(arn.region), arn.partition == region.partition.rawValue
        else { throw .invalidTopicARN(topicARN) }
        return SNSClient(client: try client(.sns, region))
    }

    /// A client for STS in `region`, or the default Region.
    package func sts(region: AWSRegion? = nil) throws(AWSClientError) -> STSClient {
        STSClient(client: try client(.sts, region))
    }

    /// A client for tables in `region`, or the default Region.
    package func dynamodb(region: AWSRegion? = nil) throws(AWSClientError) -> DynamoDBClient {
        DynamoDBClient(client: try client(.dynamodb, region))
    }

    /// A client for event buses in `region`, or the default Region.
    package func eventBridge(region: AWSRegion? = nil) throws(AWSClientError) -> EventBridgeClient {
        EventBridgeClient(client: try client(.eventbridge, region))
    }

    private func client(_ service: AWSService, _ region: AWSRegion?) throws(AWSClientError) -> AWSServiceClient {
        try sources.client(service, try chosen(region), cache)
    }

    private func client(_ service: AWSService, _ region: AWSRegion, _ endpoint: HTTPURL) -> AWSServiceClient {
        AWSServiceClient(
            service: service,
            region: region,
            endpoint: endpoint,
            credentials: cache,
            runtime: sources.runtime
        )
    }

    private func chosen(_ chosen: AWSRegion?) throws(AWSClientError) -> AWSRegion {
        guard let region = chosen ?? region else { throw .missingRegion }
        return region
    }
}
