/// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`.
package struct EnvironmentProvider: CredentialProvider {
    /// The name of this place in errors.
    package let name = "environment variables"
    private let environment: [String: String]

    /// Creates a provider that reads from `environment`, a snapshot.
    package init(environment: [String: String]) {
        self.environment = environment
    }

    /// Returns the pair of keys. A blank variable counts as missing, as in every AWS SDK.
    ///
    /// - Throws: `AWSClientError.invalidCredentials` if one of the two is missing.
    package func credentials() async throws -> Credentials? {
        let key = environment.setting("AWS_ACCESS_KEY_ID")
        let secret = environment.setting("AWS_SECRET_ACCESS_KEY")
        switch (key, secret) {
        case (nil, nil): return nil
        case (nil, _): throw half(missing: "AWS_ACCESS_KEY_ID")
        case (_, nil): throw half(missing: "AWS_SECRET_ACCESS_KEY")
        case (let key?, let secret?):
            return Credentials(
                accessKeyID: key,
                secretAccessKey: secret,
                sessionToken: environment.setting("AWS_SESSION_TOKEN"),
                accountID: environment.setting("AWS_ACCOUNT_ID")
            )
        }
    }

    private func half(missing: String) -> AWSClientError {
        .invalidCredentials(source: name, reason: "\(missing) is missing beside its other half; set both or neither")
    }
}

extension [String: String] {
    /// The trimmed value of `key`; nil if it is blank or missing.
    func setting(_ key: String) -> String? {
        guard let value = self[key]?.trimmingWhitespace(), !value.isEmpty else { return nil }
        return value
    }
}

extension StringProtocol {
    /// The text without spaces, tabs and line ends around it.
    func trimmingWhitespace() -> String {
        let start = firstIndex { !$0.isWhitespace } ?? endIndex
        guard let last = lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(self[start...last])
    }
}
