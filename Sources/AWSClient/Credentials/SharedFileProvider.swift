/// The static keys of a profile in the shared files.
///
/// The files are read at every call: tools that renew keys rewrite them under a running process.
struct SharedFileProvider: CredentialProvider {
    let files: SharedFiles

    var name: String {
        "profile \(files.profile) in \(files.names)"
    }

    /// Keys whose profiles cannot be used yet, in the order in which SDKs look at them.
    private static let unsupportedBeforeKeys = ["role_arn", "web_identity_token_file"]
    private static let unsupportedAfterKeys = [
        "sso_session", "sso_start_url", "login_session", "credential_process",
    ]

    func credentials() async throws -> Credentials? {
        guard let profile = try files.load().profiles[files.profile] else {
            if files.isProfileChosen { throw invalid("there is no such profile; check its name") }
            return nil
        }
        try refuse(Self.unsupportedBeforeKeys, in: profile)
        let key = profile.setting("aws_access_key_id")
        let secret = profile.setting("aws_secret_access_key")
        switch (key, secret) {
        case (let key?, let secret?):
            return Credentials(
                accessKeyID: key,
                secretAccessKey: secret,
                sessionToken: profile.setting("aws_session_token"),
                accountID: profile.setting("aws_account_id")
            )
        case (nil, nil):
            try refuse(Self.unsupportedAfterKeys, in: profile)
            return nil
        case (nil, _): throw invalid("aws_access_key_id is missing beside aws_secret_access_key; set both")
        case (_, nil): throw invalid("aws_secret_access_key is missing beside aws_access_key_id; set both")
        }
    }

    private func refuse(_ keys: [String], in profile: [String: String]) throws {
        guard let key = keys.first(where: { profile.setting($0) != nil }) else { return }
        throw invalid("its key \(key) is not supported yet; use a profile with static keys or environment variables")
    }

    private func invalid(_ reason: String) -> AWSClientError {
        .invalidCredentials(source: name, reason: reason)
    }
}
