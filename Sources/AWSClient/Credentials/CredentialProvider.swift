/// One place where credentials may lie.
package protocol CredentialProvider: Sendable {
    /// What an error calls the place.
    var name: String { get }

    /// The credentials of this place, or nil if there is nothing here and the next place is to be asked.
    ///
    /// - Throws: when something is here but broken. The search ends then: going on would use other credentials than
    ///   the ones somebody meant.
    func credentials() async throws -> Credentials?

    /// Why this place, when it was last asked, had nothing, where that can be mended; for an error.
    var hint: String? { get }
}

extension CredentialProvider {
    /// Nothing to add.
    package var hint: String? { nil }
}

/// Several places, asked in order until one has credentials.
package struct ProviderChain: CredentialProvider {
    private let providers: [any CredentialProvider]

    /// A chain that asks `providers` from first to last.
    package init(_ providers: [any CredentialProvider]) {
        self.providers = providers
    }

    /// The names of all places, in order.
    package var name: String {
        providers.map(\.name).joined(separator: ", ")
    }

    /// The hints of all places.
    package var hint: String? {
        let hints = providers.compactMap(\.hint)
        return hints.isEmpty ? nil : hints.joined(separator: "; ")
    }

    /// The first credentials found, or nil if no place has any.
    package func credentials() async throws -> Credentials? {
        for provider in providers {
            if var found = try await provider.credentials() {
                found.source = found.source ?? provider.name
                return found
            }
        }
        return nil
    }
}
