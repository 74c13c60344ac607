/// Where calls go: an address that somebody configured, else AWS's own.
struct EndpointSettings: Sendable {
    /// Which of AWS's own hosts are wanted.
    let rules: EndpointRules
    /// The address for every service, from code, flag or the most specific setting.
    private let overrides: [AWSService: HTTPURL]

    /// - Parameters:
    ///   - explicit: from a flag; beats everything, and is not touched by "ignore configured endpoints".
    ///   - profile: the properties of the chosen profile.
    init(
        explicit: String?,
        environment: [String: String],
        profile: [String: String],
        config: SharedConfig
    ) throws(AWSClientError) {
        let ignores = try Self.flag("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", environment, profile)
        let services = profile.setting("services").flatMap { config.services[$0] } ?? [:]
        var overrides: [AWSService: HTTPURL] = [:]
        for service in AWSService.allCases {
            let variable = "AWS_ENDPOINT_URL_\(service.rawValue.uppercased())"
            let section = SharedConfig.subproperties(services[service.rawValue] ?? "")
            // The order is AWS's: a general variable beats a profile's setting for the one service.
            let configured = [
                (variable, environment.setting(variable)),
                ("AWS_ENDPOINT_URL", environment.setting("AWS_ENDPOINT_URL")),
                ("\(service.rawValue) endpoint_url", section.setting("endpoint_url")),
                ("endpoint_url", profile.setting("endpoint_url")),
            ]
            let candidates = [("--endpoint-url", explicit)] + (ignores ? [] : configured)
            guard let (name, text) = candidates.lazy.compactMap({ pair in pair.1.map { (pair.0, $0) } }).first
            else { continue }
            overrides[service] = try Self.endpoint(name, text)
        }
        self.overrides = overrides
        rules = EndpointRules(
            usesFIPS: try Self.flag("AWS_USE_FIPS_ENDPOINT", environment, profile),
            usesDualStack: try Self.flag("AWS_USE_DUALSTACK_ENDPOINT", environment, profile),
            usesGlobalSTS: try Self.usesGlobalSTS(environment, profile)
        )
    }

    /// The configured address for `service`.
    ///
    /// - Throws: where FIPS or dual-stack hosts are wanted too, which nobody can promise of such an address.
    func override(_ service: AWSService) throws(AWSClientError) -> HTTPURL? {
        guard let override = overrides[service] else { return nil }
        for (name, isWanted) in [
            ("AWS_USE_FIPS_ENDPOINT", rules.usesFIPS), ("AWS_USE_DUALSTACK_ENDPOINT", rules.usesDualStack),
        ] where isWanted {
            let reason = "the endpoint \(override) is configured for \(service.rawValue); drop one of the two settings"
            throw .invalidSetting(name: name, value: "true", reason: reason)
        }
        return override
    }

    /// The configured address for `service`, else AWS's own in `region`, and the Region to sign for.
    func endpoint(
        _ service: AWSService,
        _ region: AWSRegion
    ) throws(AWSClientError) -> (url: HTTPURL, signingRegion: AWSRegion) {
        if let override = try override(service) {
            // DynamoDB refuses calls to its dual-stack hosts that were not made by its dual-stack rules.
            guard service != .dynamodb || override.host != "dynamodb.\(region).\(region.partition.dualStackDNSSuffix)"
            else {
                let reason = "it is a dual-stack host of AWS; set AWS_USE_DUALSTACK_ENDPOINT=true in its place"
                throw .invalidSetting(name: "AWS_ENDPOINT_URL_DYNAMODB", value: override.description, reason: reason)
            }
            return (override, region)
        }
        let (text, signingRegion) = rules.endpoint(service, region)
        return (try Self.endpoint("endpoint", text), signingRegion)
    }

    private static func endpoint(_ name: String, _ text: String) throws(AWSClientError) -> HTTPURL {
        // What stands before an @ may be a password.
        let shown = text.split(separator: "@").last.map(String.init) ?? text
        guard let url = HTTPURL(text), url.query.isEmpty else {
            throw .invalidSetting(
                name: name,
                value: shown,
                reason: "expected https://HOST[:PORT], without user and query"
            )
        }
        guard url.scheme == .https || url.isLoopback else {
            throw .invalidSetting(name: name, value: shown, reason: "plain http is for this machine only; use https")
        }
        return url
    }

    /// A yes or no from the environment, else from the profile, whose key is the variable's name without `AWS_`.
    private static func flag(
        _ name: String,
        _ environment: [String: String],
        _ profile: [String: String]
    ) throws(AWSClientError) -> Bool {
        let value = environment.setting(name) ?? profile.setting(name.dropFirst(4).lowercased()) ?? "false"
        switch value.lowercased() {
        case "true": return true
        case "false": return false
        default: throw .invalidSetting(name: name, value: value, reason: "expected true or false")
        }
    }

    private static func usesGlobalSTS(
        _ environment: [String: String],
        _ profile: [String: String]
    ) throws(AWSClientError) -> Bool {
        let name = "AWS_STS_REGIONAL_ENDPOINTS"
        let value = environment.setting(name) ?? profile.setting("sts_regional_endpoints") ?? "regional"
        switch value.lowercased() {
        case "legacy": return true
        case "regional": return false
        default: throw .invalidSetting(name: name, value: value, reason: "expected regional or legacy")
        }
    }
}
