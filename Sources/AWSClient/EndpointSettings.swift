/// The services that this client speaks to; the raw value is the name in host names and in signatures.
enum AWSService: String, Sendable, CaseIterable {
    case sqs, ec2, sns, sts
}

/// Where calls go instead of AWS's own hosts, if anybody said so.
struct EndpointSettings: Sendable {
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
        for name in ["AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"] {
            guard try !Self.flag(name, environment, profile) else {
                let reason = "not supported yet; unset it and name the host in AWS_ENDPOINT_URL_SQS, …_EC2 and so on"
                throw .invalidSetting(name: name, value: "true", reason: reason)
            }
        }
    }

    /// The configured address for `service`.
    func override(_ service: AWSService) -> HTTPURL? {
        overrides[service]
    }

    /// The configured address for `service`, else AWS's own in `region`.
    func endpoint(_ service: AWSService, _ region: AWSRegion) throws(AWSClientError) -> HTTPURL {
        if let override = overrides[service] { return override }
        let text = "https://\(service.rawValue).\(region).\(region.partition.dnsSuffix)/"
        return try Self.endpoint("endpoint", text)
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
}
