/// The parts that providers need: the machine, HTTP, and services that hand out credentials.
struct CredentialSources: Sendable {
    let environment: [String: String]
    let region: AWSRegion?
    let endpoints: EndpointSettings
    let runtime: AWSServiceClient.Runtime
    let instance: InstanceMetadata

    var system: HostSystem { runtime.system }

    /// The places of every AWS SDK's default chain, in its order. If a profile was named explicitly, keys in the
    /// environment are not used.
    func defaultChain(_ files: SharedFiles, isProfileExplicit: Bool) -> ProviderChain {
        let keys: [any CredentialProvider] = isProfileExplicit ? [] : [provider(.environment)]
        return ProviderChain(
            keys + [
                ProfileProvider(files: files, sources: self), WebIdentityProvider(sources: self), provider(.container),
                provider(.instance),
            ]
        )
    }

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
