/// The services that this client can call. The raw value is the name in settings: `AWS_ENDPOINT_URL_SSO_OIDC`.
enum AWSService: String, Sendable, CaseIterable {
    case sqs, ec2, sns, sts, dynamodb, eventbridge, sso
    case ssoOIDC = "sso_oidc"

    /// The first part of its host names.
    var hostPrefix: String {
        switch self {
        case .sqs, .ec2, .sns, .sts, .dynamodb: rawValue
        case .eventbridge: "events"
        case .sso: "portal.sso"
        case .ssoOIDC: "oidc"
        }
    }

    /// The name in signatures.
    var signingName: String {
        switch self {
        case .sqs, .ec2, .sns, .sts, .dynamodb: rawValue
        case .eventbridge: "events"
        case .sso: "awsssoportal"
        case .ssoOIDC: "sso-oauth"
        }
    }

    /// The number of attempts of a call if no setting gives one. DynamoDB, built for short calls, gets one more.
    var defaultAttempts: Int {
        self == .dynamodb ? 4 : 3
    }

    /// The upper bound of the first pause after a transient failure, in seconds.
    var transientBackoff: Double {
        self == .dynamodb ? 0.025 : 0.05
    }
}
