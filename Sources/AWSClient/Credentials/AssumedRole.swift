/// The credentials of a role, assumed again whenever the last ones run out.
package struct AssumedRole: CredentialProvider {
    /// The role's ARN, as errors show it.
    package let name: String
    private let client: STSClient
    private let sessionName: String
    private let externalID: String?

    /// - Parameters:
    ///   - client: Signs with the credentials that may assume the role.
    ///   - sessionName: 2–64 characters of `[\w+=,.@-]`. CloudTrail shows it.
    ///   - externalID: The external id that the role's trust policy asks for.
    package init(roleARN: String, sessionName: String, externalID: String? = nil, client: STSClient) {
        name = roleARN
        self.client = client
        self.sessionName = sessionName
        self.externalID = externalID
    }

    /// Credentials for an hour, the longest time that AWS gives to a caller that is itself a role.
    package func credentials() async throws -> Credentials? {
        try await client.assumeRole(roleARN: name, sessionName: sessionName, externalID: externalID)
    }
}
