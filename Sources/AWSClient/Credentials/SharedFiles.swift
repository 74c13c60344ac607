/// The paths of the shared files, and the profile that is used.
struct SharedFiles: Sendable {
    /// The path of the config file; nil without `HOME` and without an override.
    let configPath: String?
    /// The path of the credentials file; nil without `HOME` and without an override.
    let credentialsPath: String?
    /// The chosen profile, or `default`.
    let profile: String
    /// True if somebody chose the profile, so that it must exist.
    let isProfileChosen: Bool

    private let readFile: @Sendable (String) throws -> [UInt8]?

    /// - Parameter profile: Takes precedence over `AWS_PROFILE`.
    init(
        environment: [String: String],
        profile: String?,
        readFile: @escaping @Sendable (String) throws -> [UInt8]?
    ) {
        let home = environment.setting("HOME")
        func path(_ variable: String, _ file: String) -> String? {
            guard let chosen = environment.setting(variable) else { return home.map { "\($0)/.aws/\(file)" } }
            return chosen.hasPrefix("~/") ? home.map { $0 + chosen.dropFirst() } ?? chosen : chosen
        }
        configPath = path("AWS_CONFIG_FILE", "config")
        credentialsPath = path("AWS_SHARED_CREDENTIALS_FILE", "credentials")
        let chosen = profile ?? environment.setting("AWS_PROFILE")
        self.profile = chosen ?? "default"
        isProfileChosen = chosen != nil
        self.readFile = readFile
    }

    /// Reads both files as one. A missing file counts as empty.
    ///
    /// - Throws: `AWSClientError.invalidSharedFile`, because a broken file is not the same as a missing one.
    func load() throws(AWSClientError) -> SharedConfig {
        var config = SharedConfig()
        for (path, kind) in [(configPath, SharedConfig.Kind.config), (credentialsPath, .credentials)] {
            guard let path else { continue }
            let bytes: [UInt8]?
            do {
                bytes = try readFile(path)
            } catch {
                // AWS SDKs skip a file that they may not read. Only a profile that somebody chose must exist.
                guard isProfileChosen else { continue }
                throw .invalidSharedFile(
                    path: path,
                    line: nil,
                    reason: "the file cannot be read; check who may read it"
                )
            }
            guard let bytes else { continue }
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw .invalidSharedFile(path: path, line: nil, reason: "the file is not UTF-8 text")
            }
            do throws(SharedConfig.SyntaxError) {
                try config.add(text, kind: kind)
            } catch {
                throw .invalidSharedFile(path: path, line: error.line, reason: error.reason)
            }
        }
        return config
    }

    /// A profile and the line of its property, as errors show it.
    func place(of key: String, in profile: String, _ config: SharedConfig) -> String {
        let positions = config.positions[profile]
        guard let position = positions?[key] ?? positions?[""] else { return "profile \(profile) in \(names)" }
        let path = (position.kind == .config ? configPath : credentialsPath) ?? ""
        return "profile \(profile), \(path):\(position.line)"
    }

    /// The files' names, for errors.
    var names: String {
        [configPath, credentialsPath].compactMap(\.self).joined(separator: " and ")
    }
}
