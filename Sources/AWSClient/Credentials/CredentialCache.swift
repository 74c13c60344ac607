import Foundation
import Logging
import Synchronization

/// Keeps what a provider gave until shortly before it expires, and asks once however many wait.
///
/// The check of what is kept takes a lock and no task switch, since every call makes it.
final class CredentialCache: Sendable {
    /// How long before the expiration callers wait for new credentials: botocore's mandatory window, long enough for a
    /// slow source and a clock that is a little wrong.
    static let margin: TimeInterval = 600
    /// How long before the expiration new ones are fetched in the background: botocore's advisory window.
    private static let advisoryMargin: TimeInterval = 900
    /// How long a failed fetch keeps others from trying again, while the credentials are valid.
    private static let pauseAfterFailure: TimeInterval = 15

    private struct State {
        var current: Credentials?
        /// How long the current ones were valid when they came.
        var lifetime: TimeInterval = 0
        var refresh: Promise<Credentials>?
        var noRefreshBefore = Date.distantPast
    }

    private let provider: any CredentialProvider
    private let now: @Sendable () -> Date
    private let logger: Logger?
    private let startTask: @Sendable (@escaping @Sendable () async -> Void) -> Void
    private let state = Mutex(State())

    init(
        _ provider: any CredentialProvider,
        now: @escaping @Sendable () -> Date,
        start: @escaping @Sendable (@escaping @Sendable () async -> Void) -> Void = { work in Task { await work() } },
        logger: Logger? = nil
    ) {
        startTask = start
        self.provider = provider
        self.now = now
        self.logger = logger
    }

    /// Credentials that are valid now.
    ///
    /// Every waiter of a fetch gets its result. Nothing of a failed fetch is kept, except that credentials which are
    /// still valid go on being used.
    func credentials() async throws -> Credentials {
        let now = now()
        let (current, refresh, mustStart) = state.withLock { state in
            Self.choose(&state, at: now)
        }
        if mustStart, let refresh { start(refresh) }
        if let current { return current }
        guard let refresh else { throw AWSClientError.noCredentials(tried: provider.name) }
        return try await refresh.value()
    }

    /// Forgets credentials that AWS rejected, unless others have taken their place already.
    func invalidate(_ rejected: Credentials) {
        state.withLock { state in
            if state.current == rejected { state.current = nil }
        }
    }

    /// The credentials to use at once, if any; the fetch to wait for else; and whether that fetch is to be started.
    private static func choose(_ state: inout State, at now: Date) -> (Credentials?, Promise<Credentials>?, Bool) {
        var current = state.current
        if let kept = current {
            let left = kept.expiration.map { $0.timeIntervalSince(now) } ?? .infinity
            // Keys that live for minutes get shorter windows: with botocore's they would be fetched for every call.
            let advisory = min(advisoryMargin, max(state.lifetime - 300, state.lifetime * 0.4))
            let mandatory = min(margin, max(state.lifetime - 600, state.lifetime * 0.2))
            let isPaused = left > 0 && now < state.noRefreshBefore
            if left > advisory || isPaused { return (kept, nil, false) }
            if left <= mandatory { current = nil }
        }
        if let refresh = state.refresh { return (current, refresh, false) }
        let refresh = Promise<Credentials>()
        state.refresh = refresh
        return (current, refresh, true)
    }

    /// Fetches in a task of its own: it serves all who wait, so that no waiter's cancellation may end it.
    private func start(_ refresh: Promise<Credentials>) {
        startTask { [self] in
            let result = await fetched()
            state.withLock { $0.refresh = nil }
            refresh.fulfil(result)
        }
    }

    private func fetched() async -> Result<Credentials, any Error> {
        do {
            guard let found = try await provider.credentials() else {
                throw AWSClientError.noCredentials(tried: provider.name, hint: provider.hint)
            }
            let now = now()
            state.withLock { state in
                state.current = found
                state.lifetime = found.expiration.map { $0.timeIntervalSince(now) } ?? 0
            }
            return .success(found)
        } catch {
            let now = now()
            let current = state.withLock { state -> Credentials? in
                state.noRefreshBefore = now + Self.pauseAfterFailure
                return state.current
            }
            guard let current, current.expiration.map({ $0 > now }) ?? true else { return .failure(error) }
            logger?.warning(
                "AWS credentials cannot be refreshed; the old ones are used until they expire",
                metadata: ["error": "\(error)"]
            )
            return .success(current)
        }
    }
}
