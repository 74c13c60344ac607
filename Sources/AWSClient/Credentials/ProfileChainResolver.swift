/// Follows `source_profile` from profile to profile. It reads only the parsed files.
struct ProfileChainResolver {
    let config: SharedConfig

    /// The chain of the profile `selected`; nil if the profile does not exist or has nothing about credentials.
    func resolve(_ selected: String) throws(ProfileFailure) -> ProfileChain? {
        guard config.profiles[selected] != nil else { return nil }
        var roles: [ProfileChain.Role] = []
        var visited: [String] = []
        var name = selected
        while true {
            let reader = try reader(of: name, after: visited)
            visited.append(name)
            // Keys end the chain, except in the selected profile, which is to become its role.
            if visited.count > 1, reader.hasBothKeys { return chain(try reader.keys(), name, roles) }
            guard let role = try reader.role() else {
                guard let base = try reader.base() else {
                    if visited.count == 1 { return nil }
                    throw ProfileFailure(
                        profile: name,
                        key: "",
                        reason: "it has no credentials, though others rest on it"
                    )
                }
                return chain(base, name, roles)
            }
            roles.insert(role, at: 0)
            switch try reader.origin() {
            case .source(let source): return chain(.source(source), name, roles)
            case .profile(name):
                guard let base = try reader.base() else {
                    throw ProfileFailure(
                        profile: name,
                        key: "source_profile",
                        reason: "it names itself and has no keys"
                    )
                }
                return chain(base, name, roles)
            case .profile(let next): name = next
            }
        }
    }

    /// The reader of the profile `name`, to which `visited` led.
    private func reader(of name: String, after visited: [String]) throws(ProfileFailure) -> ProfileReader {
        guard let profile = config.profiles[name] else {
            let from = visited.last ?? name
            throw ProfileFailure(profile: from, key: "source_profile", reason: "there is no profile \(name)")
        }
        if visited.contains(name) {
            let loop = (visited + [name]).joined(separator: " → ")
            throw ProfileFailure(profile: name, key: "source_profile", reason: "the profiles form a loop: \(loop)")
        }
        return ProfileReader(name: name, properties: profile, ssoSessions: config.ssoSessions)
    }

    private func chain(_ base: ProfileChain.Base, _ profile: String, _ roles: [ProfileChain.Role]) -> ProfileChain {
        ProfileChain(base: base, baseProfile: profile, roles: roles)
    }
}
