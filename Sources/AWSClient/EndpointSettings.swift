/// The endpoint of calls: a configured URL, or AWS's own.
struct EndpointSettings: Sendable {
    /// The kind of AWS's own hosts to use.
    let rules: EndpointRules
    /// The URL for every service, from a parameter, a flag or the most specific setting.
    private let overrides: [AWSService: HTTPURL]

    /// - Parameters:
    ///   - explicit: The URL of a flag. It takes precedence over everything, and "ignore configured endpoints" does not
    ///     affect it.
    ///   - profile: The properties of the chosen profile.
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
            // The order is AWS's: a general variable takes precedence over a profile's setting for the service.
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

    /// The configured URL for `service`.
    ///
    /// - Throws: If FIPS or dual-stack hosts are asked for, too, because a configured URL may be neither.
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

    /// The URL for `service`: the configured one, or AWS's own in `region`; and the Region for signing.
    func endpoint(
        _ service: AWSService,
        _ region: AWSRegion
    ) throws(AWSClientError) -> (url: HTTPURL, signingRegion: AWSRegion) {
        if let override = try override(service) {
            // DynamoDB refuses calls to its dual-stack hosts that do not follow its own rules for them.
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
        // The text before an @ may be a password.
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

    /// Reads yes or no from the environment, or else from the profile, whose key is the variable's name without `AWS_`.
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
