/// The settings of the metadata service of an EC2 instance.
struct InstanceMetadataSettings: Sendable {
    /// Scheme and authority, without a slash at the end.
    let endpoint: String
    /// True if a setting forbids asking.
    let isDisabled: Bool

    /// - Parameter profile: The properties of the chosen profile.
    init(environment: [String: String], profile: [String: String]) throws(AWSClientError) {
        isDisabled = environment.setting("AWS_EC2_METADATA_DISABLED")?.lowercased() == "true"
        let name = "AWS_EC2_METADATA_SERVICE_ENDPOINT"
        if let text = environment.setting(name) ?? profile.setting("ec2_metadata_service_endpoint") {
            guard let url = HTTPURL(text), url.query.isEmpty else {
                throw .invalidSetting(name: name, value: text, reason: "expected http://HOST[:PORT]")
            }
            var text = url.description
            while text.hasSuffix("/") { text.removeLast() }
            endpoint = text
            return
        }
        let modeName = "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"
        let mode = environment.setting(modeName) ?? profile.setting("ec2_metadata_service_endpoint_mode") ?? "IPv4"
        switch mode.lowercased() {
        case "ipv4": endpoint = "http://169.254.169.254"
        case "ipv6": endpoint = "http://[fd00:ec2::254]"
        default: throw .invalidSetting(name: modeName, value: mode, reason: "expected IPv4 or IPv6")
        }
    }
}
