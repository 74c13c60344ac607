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

/// A mistake in a profile, at one of its keys.
struct ProfileFailure: Error, Equatable {
    let profile: String
    let key: String
    let reason: String
}
