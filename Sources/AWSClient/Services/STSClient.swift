import Formats
package import Foundation

/// AWS STS, at a Region's own endpoint.
package struct STSClient: Sendable {
    let client: AWSServiceClient

    /// The identity of the credentials. It needs no permission.
    package func getCallerIdentity() async throws -> CallerIdentity {
        let action = "GetCallerIdentity"
        let answer = try await client.query(action)
        let result = answer.root["GetCallerIdentityResult"]
        guard let account = result?.text("Account"), let arn = result?.text("Arn"), let userID = result?.text("UserId")
        else { throw client.unreadable(action, "there is no Account, Arn or UserId") }
        return CallerIdentity(account: account, arn: arn, userID: userID, answeredAt: answer.date)
    }

    /// Returns the credentials of a role.
    ///
    /// - Parameters:
    ///   - sessionName: 2–64 characters of `[\w+=,.@-]`. CloudTrail shows it.
    ///   - externalID: The external id that the role's trust policy asks for.
    ///   - durationSeconds: From 900; at most 3600 if the caller is itself a role.
    package func assumeRole(
        roleARN: String,
        sessionName: String,
        externalID: String? = nil,
        durationSeconds: Int = 3600
    ) async throws -> Credentials {
        let action = "AssumeRole"
        let root = try await client.query(action, of: AWSResource(.role, roleARN)) { parameters in
            parameters.add("RoleArn", roleARN)
            parameters.add("RoleSessionName", sessionName)
            parameters.add("ExternalId", externalID)
            parameters.add("DurationSeconds", String(durationSeconds))
        }.root
        return try credentials(action, root)
    }

    /// Returns the credentials of a role for a token of another identity provider. The call is not signed, because the
    /// token is the proof.
    func assumeRoleWithWebIdentity(
        roleARN: String,
        sessionName: String,
        token: String,
        durationSeconds: Int?
    ) async throws -> Credentials {
        let action = "AssumeRoleWithWebIdentity"
        let root = try await client.query(action, of: AWSResource(.role, roleARN)) { parameters in
            parameters.add("RoleArn", roleARN)
            parameters.add("RoleSessionName", sessionName)
            parameters.add("WebIdentityToken", token)
            parameters.add("DurationSeconds", durationSeconds.map(String.init))
        }.root
        return try credentials(action, root)
    }

    private func credentials(_ action: String, _ root: XMLTree) throws -> Credentials {
        let result = root["\(action)Result"]
        let given = result?["Credentials"]
        guard let key = given?.text("AccessKeyId"), let secret = given?.text("SecretAccessKey"),
            let token = given?.text("SessionToken"),
            let expiration = given?.text("Expiration").flatMap({ RFC3339.parse($0) })
        else { throw client.unreadable(action, "the credentials are incomplete") }
        let account = result?["AssumedRoleUser"]?.text("Arn").flatMap { ARN($0)?.account }
        return Credentials(
            accessKeyID: key,
            secretAccessKey: secret,
            sessionToken: token,
            expiration: expiration,
            accountID: account
        )
    }

}

/// The principal that signs.
package struct CallerIdentity: Hashable, Sendable {
    /// The account, 12 digits.
    package let account: String
    /// The principal's ARN; for a role, the ARN of its session.
    package let arn: String
    /// The unique id.
    package let userID: String
    /// The time of AWS's clock at the response, to a second.
    package let answeredAt: Date?

    /// Creates an identity. Tests script responses with it.
    package init(account: String, arn: String, userID: String, answeredAt: Date? = nil) {
        self.account = account
        self.arn = arn
        self.userID = userID
        self.answeredAt = answeredAt
    }
}
