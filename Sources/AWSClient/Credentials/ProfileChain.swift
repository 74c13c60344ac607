/// How a profile comes to credentials: somewhere they begin, and roles that are assumed one after the other.
struct ProfileChain: Equatable {
    /// Where the first credentials come from.
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
    /// The profile that `base` stands in.
    let baseProfile: String
    /// In the order in which they are assumed.
    let roles: [Role]
}

/// What is wrong with a profile, at one of its keys.
struct ProfileFailure: Error, Equatable {
    let profile: String
    let key: String
    let reason: String
}
