import Hashing

/// The way from a profile to credentials: the first credentials, and the roles that are assumed with them in turn.
struct ProfileChain: Equatable {
    /// The source of the first credentials.
    enum Base: Equatable {
        case keys(Credentials)
        case source(Source)
        case webIdentity(WebIdentityRole)
        case singleSignOn(SingleSignOnProfile)
        case process(String)
    }

    /// The values of `credential_source`.
    enum Source: String {
        case environment = "Environment"
        case instance = "Ec2InstanceMetadata"
        case container = "EcsContainer"
    }

    /// One role to assume.
    struct Role: Equatable {
        let arn: String
        var sessionName: String?
        var externalID: String?
        var durationSeconds: Int?
    }

    let base: Base
    /// The profile that holds `base`.
    let baseProfile: String
    /// The roles, in the order in which they are assumed.
    let roles: [Role]
}

/// A role that is assumed with the token of another identity provider, as on EKS.
struct WebIdentityRole: Equatable {
    /// The name of the session if no setting gives one. CloudTrail shows it.
    static let defaultSessionName = "sg-revert"

    let arn: String
    let tokenFile: String
    var sessionName: String?
    var durationSeconds: Int?
}

/// A profile of IAM Identity Center: people sign in with a browser, and programs use the token that is stored then.
struct SingleSignOnProfile: Equatable {
    /// The `sso_session`; nil for a profile of the older form.
    let session: String?
    let region: String
    let startURL: String
    let accountID: String?
    let roleName: String?

    /// The path under which the AWS CLI stores the token, below the home directory.
    var tokenPath: String {
        ".aws/sso/cache/\(Digest.hex(Digest.sha1((session ?? startURL).utf8))).json"
    }
}

/// A mistake in a profile, at one of its keys.
struct ProfileFailure: Error, Equatable {
    let profile: String
    let key: String
    let reason: String
}
