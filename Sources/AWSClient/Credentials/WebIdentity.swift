extension CredentialSources {
    /// Exchanges the token for credentials. The file is read each time, because Kubernetes replaces it about once an
    /// hour.
    func webIdentity(_ role: WebIdentityRole, source: String) async throws -> Credentials {
        let token = try text(ofFile: role.tokenFile, what: "the token file", source: source)
        return try await sts(signedWith: nil).assumeRoleWithWebIdentity(
            roleARN: role.arn,
            sessionName: role.sessionName ?? WebIdentityRole.defaultSessionName,
            token: token,
            durationSeconds: role.durationSeconds
        )
    }

    /// The text of a file that must exist.
    func text(ofFile path: String, what: String, source: String) throws(AWSClientError) -> String {
        let bytes: [UInt8]?
        do {
            bytes = try system.readFile(path)
        } catch {
            throw .invalidCredentials(source: source, reason: "\(what) \(path) cannot be read; check its permissions")
        }
        // The token is sent unchanged, as other SDKs do.
        guard let text = bytes.flatMap({ String(validating: $0, as: UTF8.self) }), !text.isEmpty else {
            throw .invalidCredentials(source: source, reason: "\(what) \(path) is missing or empty")
        }
        return text
    }
}

/// `AWS_WEB_IDENTITY_TOKEN_FILE` and `AWS_ROLE_ARN`, which EKS sets in the pods of a service account.
struct WebIdentityProvider: CredentialProvider {
    let name = "AWS_WEB_IDENTITY_TOKEN_FILE"
    let sources: CredentialSources

    func credentials() async throws -> Credentials? {
        guard let file = sources.environment.setting("AWS_WEB_IDENTITY_TOKEN_FILE") else { return nil }
        guard let arn = sources.environment.setting("AWS_ROLE_ARN") else {
            throw AWSClientError.invalidCredentials(source: name, reason: "AWS_ROLE_ARN is missing beside it; set both")
        }
        let session = sources.environment.setting("AWS_ROLE_SESSION_NAME")
        return try await sources.webIdentity(
            WebIdentityRole(arn: arn, tokenFile: file, sessionName: session),
            source: name
        )
    }
}
