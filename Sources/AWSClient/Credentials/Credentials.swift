package import Foundation

/// The keys that sign a request. The secret parts never appear in a description, a dump or a debugger's summary.
package struct Credentials: Hashable, Sendable {
    /// The public part, `AKIA…` or `ASIA…`.
    package let accessKeyID: String
    /// The secret part.
    package let secretAccessKey: String
    /// The session token of temporary credentials. It is secret.
    package let sessionToken: String?
    /// The time when AWS stops accepting them; nil for keys that last until somebody deletes them.
    package let expiration: Date?
    /// The account that they belong to, if the source tells it.
    package let accountID: String?
    /// The place where the default chain found them, for people.
    package internal(set) var source: String?

    /// Creates credentials.
    package init(
        accessKeyID: String,
        secretAccessKey: String,
        sessionToken: String? = nil,
        expiration: Date? = nil,
        accountID: String? = nil
    ) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
        self.expiration = expiration
        self.accountID = accountID
    }
}

extension Credentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The access key id, and three dots for the rest.
    package var description: String {
        "Credentials(\(accessKeyID), secret redacted)"
    }

    /// Equal to `description`.
    package var debugDescription: String {
        description
    }

    /// Shows only `description`, because `dump` and the interpolation of a container use the mirror.
    package var customMirror: Mirror {
        Mirror(self, children: ["accessKeyID": accessKeyID])
    }
}
