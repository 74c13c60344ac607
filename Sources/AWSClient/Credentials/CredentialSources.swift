/// The parts that providers need: the machine, HTTP, and services that hand out credentials.
struct CredentialSources: Sendable {
    let environment: [String: String]
    let region: AWSRegion?
    let endpoints: EndpointSettings
    let runtime: AWSServiceClient.Runtime
    let instance: InstanceMetadata

    var system: HostSystem { runtime.system }

    func provider(_ source: ProfileChain.Source) -> any CredentialProvider {
        switch source {
        case .environment: EnvironmentProvider(environment: environment)
        case .container: ContainerProvider(environment: environment, runtime: runtime)
        case .instance: InstanceProvider(metadata: instance, system: system, logger: runtime.logger)
        }
    }

    /// A client for STS. Without credentials it signs nothing.
    func sts(signedWith credentials: Credentials?) async throws -> STSClient {
        guard let region = try await stsRegion() else { throw AWSClientError.missingRegion }
        let cache = credentials.map { CredentialCache(FixedProvider(fixed: $0), runtime: runtime) }
        return STSClient(client: try client(.sts, region, cache))
    }

    func client(
        _ service: AWSService,
        _ region: AWSRegion,
        _ cache: CredentialCache?
    ) throws(AWSClientError) -> AWSServiceClient {
        let (url, region) = try endpoints.endpoint(service, region)
        return AWSServiceClient(service: service, region: region, endpoint: url, credentials: cache, runtime: runtime)
    }

    private func stsRegion() async throws -> AWSRegion? {
        if let region { return region }
        return try await instance.region()
    }
}

/// Credentials that were found before.
private struct FixedProvider: CredentialProvider {
    let name = "an earlier step"
    let fixed: Credentials

    func credentials() async throws -> Credentials? { fixed }
}
