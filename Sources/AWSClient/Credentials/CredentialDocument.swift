import Formats
import Foundation

/// The JSON in which processes, containers and instances return credentials.
struct CredentialDocument: Decodable {
    let version: Int?
    /// `Success`, or the reason why there are no credentials.
    let code: String?
    /// The text of an error.
    let message: String?

    private let accessKeyID: String?
    private let secretAccessKey: String?
    private let sessionToken: String?
    private let token: String?
    private let expiration: String?
    private let accountID: String?

    private enum CodingKeys: String, CodingKey {
        case version = "Version"
        case code = "Code"
        case message = "Message"
        case accessKeyID = "AccessKeyId"
        case secretAccessKey = "SecretAccessKey"
        case sessionToken = "SessionToken"
        case token = "Token"
        case expiration = "Expiration"
        case accountID = "AccountId"
    }

    /// Reads the JSON; nil for any other text. The decoder's own error is not used, because it could show a secret.
    init?(_ json: [UInt8]) {
        guard let document = try? JSONDecoder().decode(Self.self, from: Data(json)) else { return nil }
        self = document
    }

    /// The credentials; nil if a part is missing or the expiration is no date.
    var credentials: Credentials? {
        guard let accessKeyID, let secretAccessKey, !accessKeyID.isEmpty, !secretAccessKey.isEmpty else { return nil }
        let expires = expiration.flatMap { RFC3339.parse($0) }
        guard expiration == nil || expires != nil else { return nil }
        return Credentials(
            accessKeyID: accessKeyID,
            secretAccessKey: secretAccessKey,
            sessionToken: sessionToken ?? token,
            expiration: expires,
            accountID: accountID
        )
    }
}
