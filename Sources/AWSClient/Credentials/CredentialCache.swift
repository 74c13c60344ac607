import Foundation

/// Keeps what a provider gave until shortly before it expires, and asks once however many wait.
actor CredentialCache {
    /// How long before the expiration new credentials are fetched: botocore's mandatory window, long enough for a
    /// slow source and a clock that is a little wrong.
    private static let margin: TimeInterval = 600

    private let provider: any CredentialProvider
    private let now: @Sendable () -> Date
    private var current: Credentials?
    private var refresh: Task<Credentials, any Error>?

    init(_ provider: any CredentialProvider, now: @escaping @Sendable () -> Date) {
        self.provider = provider
        self.now = now
    }

    /// Credentials that are valid now.
    ///
    /// The fetch is a task of its own, so that the cancellation of one waiter leaves it to the others. Nothing of a
    /// failed fetch is kept, except that credentials which are still valid go on being used.
    func credentials() async throws -> Credentials {
        if let current, !expires(current, within: Self.margin) { return current }
        let task = refresh ?? startRefresh()
        return try await task.value
    }

    /// Forgets credentials that AWS rejected, unless others have taken their place already.
    func invalidate(_ rejected: Credentials) {
        if current == rejected { current = nil }
    }

    private func startRefresh() -> Task<Credentials, any Error> {
        // The task belongs to this actor, so it cannot begin, let alone end, before `refresh` is set.
        let task = Task {
            defer { refresh = nil }
            do {
                guard let found = try await provider.credentials() else {
                    throw AWSClientError.noCredentials(tried: provider.name)
                }
                current = found
                return found
            } catch {
                if let current, !expires(current, within: 0) { return current }
                throw error
            }
        }
        refresh = task
        return task
    }

    private func expires(_ credentials: Credentials, within seconds: TimeInterval) -> Bool {
        credentials.expiration.map { $0.timeIntervalSince(now()) <= seconds } ?? false
    }
}
