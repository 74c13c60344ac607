extension CredentialSources {
    /// The places of every AWS SDK's default chain, in its order. If a profile was named explicitly, keys in the
    /// environment are not used.
    func defaultChain(_ files: SharedFiles, isProfileExplicit: Bool) -> ProviderChain {
        let keys: [any CredentialProvider] = isProfileExplicit ? [] : [provider(.environment)]
        return ProviderChain(
            keys + [
                ProfileProvider(files: files, sources: self), WebIdentityProvider(sources: self), provider(.container),
                provider(.instance),
            ]
        )
    }
}
