import Formats
import Foundation

/// The response of `GetRoleCredentials`.
private struct RoleCredentialsAnswer: Decodable {
    struct RoleCredentials: Decodable {
        let accessKeyId: String
        let secretAccessKey: String
        let sessionToken: String
        /// In milliseconds since 1970.
        let expiration: Double
    }

    let roleCredentials: RoleCredentials
}

extension CredentialSources {
    /// Exchanges the stored token for credentials of the profile's role. The token is read each time, so that a new
    /// `aws sso login` is used.
    func singleSignOn(_ profile: SingleSignOnProfile, source: String, profile name: String) async throws -> Credentials
    {
        func invalid(_ reason: String) -> AWSClientError { .invalidCredentials(source: source, reason: reason) }
        guard let region = AWSRegion(profile.region) else {
            throw invalid("sso_region \(plainText(profile.region, limit: 200)) is no AWS Region")
        }
        guard let account = profile.accountID, let role = profile.roleName else {
            throw invalid("sso_account_id and sso_role_name are missing")
        }
        guard let home = environment.setting("HOME") else { throw invalid("HOME is unset; the token is under it") }
        let login = "run `aws sso login --profile \(name)`"
        let path = "\(home)/\(profile.tokenPath)"
        let token = try await token(at: path, in: region) { invalid("\($0); \(login)") }

        let client = try client(.sso, region, nil)
        do {
            let call = AWSServiceClient.Call(
                operation: "GetRoleCredentials",
                method: "GET",
                path: "/federation/credentials",
                query: "account_id=\(URIEncoding.encode(account))&role_name=\(URIEncoding.encode(role))",
                headers: ["x-amz-sso_bearer_token": token]
            )
            let answer = try await client.send(call)
            guard let given = try? JSONDecoder().decode(RoleCredentialsAnswer.self, from: Data(answer.body)) else {
                throw client.unreadable("GetRoleCredentials", "there are no roleCredentials")
            }
            return Credentials(
                accessKeyID: given.roleCredentials.accessKeyId,
                secretAccessKey: given.roleCredentials.secretAccessKey,
                sessionToken: given.roleCredentials.sessionToken,
                expiration: Date(timeIntervalSince1970: given.roleCredentials.expiration / 1000),
                accountID: account
            )
        } catch let error as AWSServiceError where error.statusCode == 401 {
            throw invalid("AWS does not accept the token any more; \(login)")
        }
    }
}
