/// The credentials of a profile in the shared files, through every step that the profile asks for.
///
/// The files are read at each call, because tools that renew keys rewrite them while a process runs.
struct ProfileProvider: CredentialProvider {
    let files: SharedFiles
    let sources: CredentialSources

    var name: String {
        "profile \(files.profile) in \(files.names)"
    }

    func credentials() async throws -> Credentials? {
        let config = try files.load()
        let chain: ProfileChain?
        do throws(ProfileFailure) {
            chain = try ProfileChainResolver(config: config).resolve(files.profile)
        } catch {
            let place = files.place(of: error.key, in: error.profile, config)
            throw AWSClientError.invalidCredentials(source: place, reason: error.reason)
        }
        guard let chain else {
            guard files.isProfileChosen, config.profiles[files.profile] == nil else { return nil }
            throw AWSClientError.invalidCredentials(source: name, reason: "there is no such profile; check its name")
        }
        var credentials = try await base(of: chain, in: config)
        for role in chain.roles {
            let sts = try await sources.sts(signedWith: credentials)
            // AWS limits the session of a caller that is itself a role to an hour, and refuses a request for more.
            let asked = role.durationSeconds ?? 3600
            credentials = try await sts.assumeRole(
                roleARN: role.arn,
                sessionName: role.sessionName ?? WebIdentityRole.defaultSessionName,
                externalID: role.externalID,
                durationSeconds: credentials.sessionToken == nil ? asked : min(asked, 3600)
            )
        }
        return credentials
    }

    private func base(of chain: ProfileChain, in config: SharedConfig) async throws -> Credentials {
        func place(_ key: String) -> String { files.place(of: key, in: chain.baseProfile, config) }
        switch chain.base {
        case .keys(let credentials): return credentials
        case .webIdentity(let role):
            return try await sources.webIdentity(role, source: place("web_identity_token_file"))
        case .singleSignOn(let profile):
            let key = profile.session == nil ? "sso_start_url" : "sso_session"
            return try await sources.singleSignOn(profile, source: place(key), profile: chain.baseProfile)
        case .process(let command):
            return try await CredentialProcess(command: command, source: place("credential_process"))
                .credentials(sources.system)
        case .source(let source):
            let provider = sources.provider(source)
            guard let found = try await provider.credentials() else {
                throw AWSClientError.invalidCredentials(
                    source: place("credential_source"),
                    reason: "\(source.rawValue) has no credentials (\(provider.name))"
                )
            }
            return found
        }
    }
}
