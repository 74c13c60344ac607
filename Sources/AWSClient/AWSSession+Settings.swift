extension AWSSession {
    /// The file of certificates to trust, from `AWS_CA_BUNDLE` or the profile's `ca_bundle`. The transport needs it
    /// before the session exists. The parameters are those of the session.
    package static func caBundle(
        environment: [String: String],
        profile: String? = nil,
        system: HostSystem = .current
    ) throws(AWSClientError) -> String? {
        let files = SharedFiles(environment: environment, profile: profile, readFile: system.readFile)
        let name = "AWS_CA_BUNDLE"
        let configured = try files.load().profiles[files.profile]?.setting("ca_bundle")
        guard let path = environment.setting(name) ?? configured else { return nil }
        let bytes = try? system.readFile(path)
        guard bytes?.isEmpty == false else {
            throw .invalidSetting(
                name: name,
                value: path,
                reason: "the file cannot be read; name a file of certificates"
            )
        }
        return path
    }

    /// The Region of the first setting that names one.
    static func defaultRegion(
        flag: String?,
        _ environment: [String: String],
        _ profile: [String: String]
    ) throws(AWSClientError) -> AWSRegion? {
        let settings = [
            ("--region", flag), ("AWS_REGION", environment.setting("AWS_REGION")),
            ("AWS_DEFAULT_REGION", environment.setting("AWS_DEFAULT_REGION")), ("region", profile.setting("region")),
        ]
        return try settings.first { $0.1 != nil }.flatMap(region)
    }

    private static func region(_ name: String, _ text: String?) throws(AWSClientError) -> AWSRegion? {
        guard let text else { return nil }
        guard let region = AWSRegion(text) else {
            throw .invalidSetting(name: name, value: text, reason: "no such AWS Region; expected a name like eu-west-1")
        }
        return region
    }

    static func maximumAttempts(
        _ environment: [String: String],
        _ profile: [String: String]
    ) throws(AWSClientError) -> Int? {
        guard let text = environment.setting("AWS_MAX_ATTEMPTS") ?? profile.setting("max_attempts") else { return nil }
        guard let number = Int(text), (1...100).contains(number) else {
            throw .invalidSetting(name: "AWS_MAX_ATTEMPTS", value: text, reason: "expected a number from 1 to 100")
        }
        return number
    }
}
