import Formats
import Foundation
import Logging

/// The token that `aws sso login` stored, and the values that renew it, with the AWS CLI's names.
struct SingleSignOnToken: Codable {
    var accessToken: String
    var expiresAt: String
    var refreshToken: String?
    var clientId: String?
    var clientSecret: String?
    var registrationExpiresAt: String?
    var region: String?
    var startUrl: String?

    var expiration: Date? { RFC3339.parse(expiresAt) }
}

/// The response of `CreateToken`.
private struct CreateTokenAnswer: Decodable {
    let accessToken: String
    let expiresIn: Double
    let refreshToken: String?
}

extension CredentialSources {
    /// A token is renewed this long before it ends, as in botocore.
    private static let renewal: TimeInterval = 900

    /// Returns the stored token, renewed if it is about to end and can be renewed.
    ///
    /// A renewed token is written back, because the values that renewed it may be invalid afterwards and the AWS CLI
    /// needs the new ones.
    func token(at path: String, in region: AWSRegion, invalid: (String) -> AWSClientError) async throws -> String {
        guard let bytes = try? system.readFile(path) else { throw invalid("there is no token in \(path)") }
        guard var token = try? JSONDecoder().decode(SingleSignOnToken.self, from: Data(bytes)),
            let expiration = token.expiration
        else { throw invalid("the token in \(path) cannot be read") }
        let left = expiration.timeIntervalSince(system.now())
        if left <= Self.renewal, let renewed = try await renewed(token, in: region) {
            token = renewed
            do {
                try system.writeFile(path, Array(JSONEncoder().encode(token)))
            } catch {
                runtime.logger.warning("the renewed SSO token cannot be saved", metadata: ["path": "\(path)"])
            }
        } else if left <= 0 {
            throw invalid("the token has expired")
        }
        return token.accessToken
    }

    /// Renews a token; nil if a value for that is missing or AWS refuses.
    private func renewed(_ token: SingleSignOnToken, in region: AWSRegion) async throws -> SingleSignOnToken? {
        guard let refreshToken = token.refreshToken, let id = token.clientId, let secret = token.clientSecret,
            token.registrationExpiresAt.flatMap({ RFC3339.parse($0) }).map({ $0 > system.now() }) == true
        else { return nil }
        let parameters = [
            "grantType": "refresh_token", "refreshToken": refreshToken, "clientId": id, "clientSecret": secret,
        ]
        let call = AWSServiceClient.Call(
            operation: "CreateToken",
            path: "/token",
            headers: ["Content-Type": "application/json"],
            body: Array(try JSONEncoder().encode(parameters))
        )
        do {
            let response = try await client(.ssoOIDC, region, nil).send(call)
            let answer = try JSONDecoder().decode(CreateTokenAnswer.self, from: Data(response.body))
            var renewed = token
            renewed.accessToken = answer.accessToken
            renewed.refreshToken = answer.refreshToken ?? refreshToken
            renewed.expiresAt = RFC3339.wholeSeconds(system.now() + answer.expiresIn)
            return renewed
        } catch let error as CancellationError {
            throw error
        } catch let error as AWSServiceError {
            runtime.logger.warning("the SSO token cannot be renewed", metadata: ["error": "\(error.code)"])
            return nil
        } catch {
            runtime.logger.warning("the SSO token cannot be renewed")
            return nil
        }
    }
}
