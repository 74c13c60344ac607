package import Foundation

/// What signs a request. The secret parts never show in a description, a dump or a debugger's summary.
package struct Credentials: Hashable, Sendable {
    /// The public half, `AKIA…` or `ASIA…`.
    package let accessKeyID: String
    /// The secret half.
    package let secretAccessKey: String
    /// Goes with temporary credentials and is as secret as they are.
    package let sessionToken: String?
    /// When AWS stops accepting them; nil for keys that live until somebody deletes them.
    package let expiration: Date?
    /// The account they belong to, where the source says so.
    package let accountID: String?
    /// The place that the default chain found them in, for a person to read.
    package internal(set) var source: String?

    /// Credentials as a source gave them.
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
    /// The access key id, and that there is more.
    package var description: String {
        "Credentials(\(accessKeyID), secret redacted)"
    }

    /// The same as `description`.
    package var debugDescription: String {
        description
    }

    /// Shows no more than `description`, since `dump` and string interpolation of a container go by the mirror.
    package var customMirror: Mirror {
        Mirror(self, children: ["accessKeyID": accessKeyID])
    }
}
