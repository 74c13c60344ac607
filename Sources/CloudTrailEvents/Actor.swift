/// The caller of a call, from the record's `userIdentity`. Nothing is verified.
package struct Actor: Hashable, Sendable {
    /// `IAMUser`, `AssumedRole`, `Root`, `AWSService` and others.
    package let type: String?
    /// The caller's ARN. For a role it is the session's, whose name the caller chose.
    package let arn: String?
    /// The ARN that a policy can exempt: the role (or federating user) behind a session, an IAM user, or the root. A
    /// session's ARN is not used, because IAM Identity Center leaves the role's path out of it.
    package let issuerARN: String?
    /// The name of the user, or of the role behind the session.
    package let userName: String?
    /// The name that an assumed role's session was given.
    package let sessionName: String?
    /// The person behind a role, as set when the role was assumed.
    package let sourceIdentity: String?
    /// The AWS service that made the call on the caller's behalf.
    package let invokedBy: String?
    /// The caller's account. It may differ from the account that was changed.
    package let accountID: String?
    /// AWS's id of the caller: a user of IAM Identity Center, an IAM principal, or another account.
    package let principalID: String?

    /// The caller's name if there is no ARN: the service, the id of the user or principal, or the account.
    package var actorID: String? {
        arn == nil ? (type == "AWSService" ? invokedBy : nil) ?? principalID ?? invokedBy ?? accountID : nil
    }

    init(_ identity: JSONValue) {
        let session = identity["sessionContext"]
        let issuer = session["sessionIssuer"]
        let type = identity["type"].string
        let arn = identity["arn"].string
        self.type = type
        self.arn = arn
        issuerARN = issuer["arn"].string ?? (type == "Root" || type == "IAMUser" ? arn : nil)
        userName = identity["userName"].string ?? issuer["userName"].string
        sessionName = type == "AssumedRole" ? arn.flatMap(Self.sessionName) : nil
        sourceIdentity = session["sourceIdentity"].string ?? identity["sourceIdentity"].string
        invokedBy = identity["invokedBy"].string
        accountID = identity["accountId"].text
        principalID =
            identity["onBehalfOf"]["userId"].text ?? identity["principalId"].text ?? identity["credentialId"].text
    }

    /// The last part of `arn:aws:sts::111122223333:assumed-role/ROLE/SESSION`.
    private static func sessionName(of arn: String) -> String? {
        let parts = arn.split(separator: "/")
        return parts.count > 2 ? parts.last.map(String.init) : nil
    }
}
