/// A place that may have credentials.
package protocol CredentialProvider: Sendable {
    /// The name of the place in errors.
    var name: String { get }

    /// Returns the credentials of this place; nil if there are none here and the next place is to be asked.
    ///
    /// - Throws: If there is something here that is broken. The search ends then, because the next place might have
    ///   other credentials than the ones that were meant.
    func credentials() async throws -> Credentials?

    /// The reason why this place had nothing when it was last asked, if somebody can change that. Errors show it.
    var hint: String? { get }
}

extension CredentialProvider {
    /// No hint.
    package var hint: String? { nil }
}

/// Several places, asked in order until one has credentials.
package struct ProviderChain: CredentialProvider {
    private let providers: [any CredentialProvider]

    /// Creates a chain that asks `providers` from first to last.
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

    /// Returns the first credentials found; nil if no place has any.
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
