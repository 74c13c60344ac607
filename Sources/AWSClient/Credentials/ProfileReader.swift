import Formats

/// Reads and checks the keys of one profile.
struct ProfileReader {
    let name: String
    let properties: [String: String]
    let ssoSessions: [String: [String: String]]

    /// The source of the credentials with which a role is assumed.
    enum Origin: Equatable {
        case profile(String)
        case source(ProfileChain.Source)
    }

    var hasBothKeys: Bool {
        self["aws_access_key_id"] != nil && self["aws_secret_access_key"] != nil
    }

    /// The role to assume with other credentials; nil if the profile has credentials of its own.
    func role() throws(ProfileFailure) -> ProfileChain.Role? {
        guard let arn = self["role_arn"], self["web_identity_token_file"] == nil else { return nil }
        if self["mfa_serial"] != nil {
            throw failure("mfa_serial", "nobody is there to be asked for a code; use a role that asks for none")
        }
        return ProfileChain.Role(
            arn: arn,
            sessionName: self["role_session_name"],
            externalID: self["external_id"],
            durationSeconds: try duration()
        )
    }

    func origin() throws(ProfileFailure) -> Origin {
        switch (self["source_profile"], self["credential_source"]) {
        case (_?, _?): throw failure("source_profile", "credential_source stands beside source_profile; keep one")
        case (let profile?, nil): return .profile(profile)
        case (nil, let text?):
            guard let source = ProfileChain.Source(rawValue: text) else {
                let known = "Environment, Ec2InstanceMetadata or EcsContainer"
                throw failure("credential_source", "\(plainText(text, limit: 200)) is no source; expected \(known)")
            }
            return .source(source)
        case (nil, nil):
            throw failure("role_arn", "neither source_profile nor credential_source says who assumes the role")
        }
    }

    /// The credentials of the profile itself, in botocore's order; nil if it has none.
    func base() throws(ProfileFailure) -> ProfileChain.Base? {
        if let file = self["web_identity_token_file"] {
            guard let arn = self["role_arn"] else {
                throw failure("web_identity_token_file", "role_arn is missing beside it")
            }
            return .webIdentity(
                WebIdentityRole(
                    arn: arn,
                    tokenFile: file,
                    sessionName: self["role_session_name"],
                    durationSeconds: try duration()
                )
            )
        }
        if let profile = try singleSignOn() { return .singleSignOn(profile) }
        if self["aws_access_key_id"] != nil || self["aws_secret_access_key"] != nil { return try keys() }
        if let command = self["credential_process"] { return .process(command) }
        if self["login_session"] != nil {
            throw failure("login_session", "credentials of `aws login` cannot be used; choose another profile")
        }
        return nil
    }

    func keys() throws(ProfileFailure) -> ProfileChain.Base {
        guard let key = self["aws_access_key_id"] else {
            throw failure("aws_secret_access_key", "aws_access_key_id is missing beside it; set both")
        }
        guard let secret = self["aws_secret_access_key"] else {
            throw failure("aws_access_key_id", "aws_secret_access_key is missing beside it; set both")
        }
        return .keys(
            Credentials(
                accessKeyID: key,
                secretAccessKey: secret,
                sessionToken: self["aws_session_token"],
                accountID: self["aws_account_id"]
            )
        )
    }

    private func singleSignOn() throws(ProfileFailure) -> SingleSignOnProfile? {
        guard let session = self["sso_session"] else { return try legacySingleSignOn() }
        guard let section = ssoSessions[session] else {
            throw failure("sso_session", "there is no section [sso-session \(session)]")
        }
        for key in ["sso_region", "sso_start_url"] {
            if let own = self[key], own != section.setting(key) {
                throw failure(key, "it belongs into the section [sso-session \(session)]")
            }
        }
        guard let region = section.setting("sso_region"), let startURL = section.setting("sso_start_url") else {
            throw failure("sso_session", "sso_region or sso_start_url is missing in [sso-session \(session)]")
        }
        return try singleSignOn(session: session, region: region, startURL: startURL)
    }

    private func legacySingleSignOn() throws(ProfileFailure) -> SingleSignOnProfile? {
        let keys = ["sso_start_url", "sso_account_id", "sso_role_name"]
        guard let present = keys.first(where: { self[$0] != nil }) else { return nil }
        guard let region = self["sso_region"], let startURL = self["sso_start_url"] else {
            throw failure(present, "sso_region or sso_start_url is missing beside it")
        }
        guard self["sso_account_id"] != nil, self["sso_role_name"] != nil else {
            throw failure(present, "sso_account_id or sso_role_name is missing beside it")
        }
        return try singleSignOn(session: nil, region: region, startURL: startURL)
    }

    private func singleSignOn(
        session: String?,
        region: String,
        startURL: String
    ) throws(ProfileFailure) -> SingleSignOnProfile {
        let (account, role) = (self["sso_account_id"], self["sso_role_name"])
        guard (account == nil) == (role == nil) else {
            throw failure(
                account == nil ? "sso_role_name" : "sso_account_id",
                "sso_account_id and sso_role_name go together"
            )
        }
        return SingleSignOnProfile(
            session: session,
            region: region,
            startURL: startURL,
            accountID: account,
            roleName: role
        )
    }

    private func duration() throws(ProfileFailure) -> Int? {
        guard let text = self["duration_seconds"] else { return nil }
        guard let seconds = Int(text), (900...43_200).contains(seconds) else {
            throw failure("duration_seconds", "expected a number from 900 to 43200")
        }
        return seconds
    }

    private subscript(_ key: String) -> String? {
        properties.setting(key)
    }

    private func failure(_ key: String, _ reason: String) -> ProfileFailure {
        ProfileFailure(profile: name, key: key, reason: "\(key): \(reason)")
    }
}
