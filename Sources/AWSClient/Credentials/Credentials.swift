public import Foundation

/// What signs a request. The secret parts never show in a description, a dump or a debugger's summary.
public struct Credentials: Hashable, Sendable {
    /// The public half, `AKIA…` or `ASIA…`.
    public let accessKeyID: String
    /// The secret half.
    public let secretAccessKey: String
    /// Goes with temporary credentials and is as secret as they are.
    public let sessionToken: String?
    /// When AWS stops accepting them; nil for keys that live until somebody deletes them.
    public let expiration: Date?
    /// The account they belong to, where the source says so.
    public let accountID: String?
    /// The place that the default chain found them in, for a person to read.
    public internal(set) var source: String?

    /// Credentials as a source gave them.
    public init(
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
    public var description: String {
        "Credentials(\(accessKeyID), secret redacted)"
    }

    /// The same as `description`.
    public var debugDescription: String {
        description
    }

    /// Shows no more than `description`, since `dump` and string interpolation of a container go by the mirror.
    public var customMirror: Mirror {
        Mirror(self, children: ["accessKeyID": accessKeyID])
    }
}
