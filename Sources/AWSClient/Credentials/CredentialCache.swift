import Foundation
import Logging

/// Keeps what a provider gave until shortly before it expires, and asks once however many wait.
actor CredentialCache {
    /// How long before the expiration callers wait for new credentials: botocore's mandatory window, long enough for a
    /// slow source and a clock that is a little wrong.
    static let margin: TimeInterval = 600
    /// How long before the expiration new ones are fetched in the background: botocore's advisory window.
    private static let advisoryMargin: TimeInterval = 900

    private let provider: any CredentialProvider
    private let now: @Sendable () -> Date
    private let logger: Logger?
    private var current: Credentials?
    private var refresh: Task<Credentials, any Error>?

    init(_ provider: any CredentialProvider, now: @escaping @Sendable () -> Date, logger: Logger? = nil) {
        self.provider = provider
        self.now = now
        self.logger = logger
    }

    init(_ provider: any CredentialProvider, runtime: AWSServiceClient.Runtime) {
        self.init(provider, now: runtime.system.now, logger: runtime.logger)
    }

    /// Credentials that are valid now.
    ///
    /// The fetch is a task of its own, so that the cancellation of one waiter leaves it to the others, and ends only
    /// his wait. Nothing of a failed fetch is kept, except that credentials which are still valid go on being used.
    func credentials() async throws -> Credentials {
        if let current, !expires(current, within: Self.margin) {
            if expires(current, within: Self.advisoryMargin), refresh == nil { _ = startRefresh() }
            return current
        }
        return try await Self.value(of: refresh ?? startRefresh())
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
                guard let current, !expires(current, within: 0) else { throw error }
                logger?.warning(
                    "AWS credentials cannot be refreshed; the old ones are used until they expire",
                    metadata: ["error": "\(error)"]
                )
                return current
            }
        }
        refresh = task
        return task
    }

    /// The task's value, or `CancellationError` as soon as the caller is cancelled; the task itself goes on.
    private static func value(of task: Task<Credentials, any Error>) async throws -> Credentials {
        let (results, continuation) = AsyncStream<Result<Credentials, any Error>>.makeStream()
        Task { continuation.yield(await task.result) }
        for await result in results { return try result.get() }
        throw CancellationError()
    }

    private func expires(_ credentials: Credentials, within seconds: TimeInterval) -> Bool {
        credentials.expiration.map { $0.timeIntervalSince(now()) <= seconds } ?? false
    }
}
