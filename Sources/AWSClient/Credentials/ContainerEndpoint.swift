/// The address of the agent that hands out a container's credentials, and the token that it asks for.
struct ContainerEndpoint {
    private static let relative = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
    private static let full = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
    private static let tokenFile = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
    private static let token = "AWS_CONTAINER_AUTHORIZATION_TOKEN"

    /// The hosts that may be called without TLS: the agents of ECS and of EKS Pod Identity.
    private static let agents = ["169.254.170.2", "169.254.170.23", "fd00:ec2::23"].compactMap { IPAddress($0) }

    let environment: [String: String]

    /// The URL to ask; nil if no setting names one.
    ///
    /// Calls without TLS go only to this machine and to AWS's agents, whatever a name resolves to. Another host could
    /// hand out its own credentials, and would learn the token.
    func url(_ system: HostSystem) async throws(AWSClientError) -> HTTPURL? {
        if let path = environment.setting(Self.relative) {
            guard path.hasPrefix("/"), let url = HTTPURL("http://169.254.170.2\(path)") else {
                throw .invalidSetting(name: Self.relative, value: path, reason: "expected a path that begins with /")
            }
            return url
        }
        guard let text = environment.setting(Self.full) else { return nil }
        guard let url = HTTPURL(text) else {
            let shown = text.split(separator: "@").last.map(String.init) ?? text
            throw .invalidSetting(name: Self.full, value: shown, reason: "expected http(s)://HOST[:PORT]/PATH")
        }
        guard await isAllowed(url, system) else {
            let reason = "plain http is for this machine and the agents of ECS and EKS only; use https"
            throw .invalidSetting(name: Self.full, value: url.description, reason: reason)
        }
        return url
    }

    /// The value of the `Authorization` header. The file is read each time, because EKS replaces it.
    func authorization(_ system: HostSystem) throws(AWSClientError) -> String? {
        var token = environment.setting(Self.token)
        if let path = environment.setting(Self.tokenFile) {
            let bytes: [UInt8]?
            do { bytes = try system.readFile(path) } catch { throw invalid("the token file \(path) cannot be read") }
            guard let bytes, let text = String(validating: bytes, as: UTF8.self) else {
                throw invalid("the token file \(path) is missing or no text; see \(Self.tokenFile)")
            }
            token = text
        }
        guard token?.utf8.contains(where: { $0 == 0x0A || $0 == 0x0D }) != true else {
            throw invalid("the authorization token holds a line break")
        }
        return token
    }

    func invalid(_ reason: String) -> AWSClientError {
        .invalidCredentials(source: "the container", reason: reason)
    }

    private func isAllowed(_ url: HTTPURL, _ system: HostSystem) async -> Bool {
        if url.scheme == .https || url.isLoopback { return true }
        if let address = IPAddress(url.host) { return Self.isAllowed(address) }
        let addresses = await system.addresses(url.host)
        return !addresses.isEmpty && addresses.allSatisfy { IPAddress($0).map(Self.isAllowed) == true }
    }

    private static func isAllowed(_ address: IPAddress) -> Bool {
        address.isLoopback || agents.contains(address)
    }
}
