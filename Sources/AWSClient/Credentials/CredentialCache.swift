import Foundation
import Logging
import Synchronization

/// Keeps what a provider gave until shortly before it expires, and asks the provider once however many calls wait.
///
/// The check of what is kept takes a lock and no task switch, because every call makes it. The first caller that needs new
/// credentials fetches them in its own task, and the others wait for its result. If that caller is cancelled, one of those
/// who wait fetches in its place.
final class CredentialCache: Sendable {
    /// The time before the expiration from which callers wait for new credentials: botocore's mandatory window, long enough
    /// for a slow source and a clock that is a little wrong.
    static let margin: TimeInterval = 600
    /// The time before the expiration from which new ones are fetched ahead: botocore's advisory window.
    private static let advisoryMargin: TimeInterval = 900
    /// The time for which a failed fetch keeps others from trying again, while the credentials are valid.
    private static let pauseAfterFailure: Duration = .seconds(15)

    private struct State {
        var current: Credentials?
        /// The time for which the current ones were valid when they came.
        var lifetime: TimeInterval = 0
        /// The fetch that is under way.
        var fetch: Promise<Fetched>?
        /// True from when a fetch ahead was asked for until it ends.
        var isFetchedAhead = false
        /// The time since the start of the process before which no fetch ahead is tried.
        var noRefreshBefore = Duration.zero
    }

    /// The result of a fetch for those who wait for it.
    private enum Fetched: Sendable {
        case credentials(Credentials)
        /// The caller that fetched was cancelled. Somebody else fetches.
        case abandoned
    }

    /// The next step of a caller.
    private enum Choice {
        case use(Credentials, askAhead: Bool)
        case wait(Promise<Fetched>)
        case fetch(Promise<Fetched>)
    }

    private let provider: any CredentialProvider
    private let refresher: CredentialRefresher?
    private let system: HostSystem
    private let logger: Logger?
    private let state = Mutex(State())

    /// Creates a cache that is empty.
    ///
    /// - Parameter refresher: Fetches ahead while it runs. Without it, credentials are fetched when a call needs them.
    init(
        _ provider: any CredentialProvider,
        refresher: CredentialRefresher? = nil,
        system: HostSystem,
        logger: Logger? = nil
    ) {
        self.provider = provider
        self.refresher = refresher
        self.system = system
        self.logger = logger
    }

    /// Returns credentials that are valid now.
    ///
    /// Everyone who waits for a fetch gets its result. A failed fetch is not kept, and credentials that are still valid stay
    /// in use.
    func credentials() async throws -> Credentials {
        while true {
            switch state.withLock({ Self.choose(&$0, at: system.now(), system.uptime()) }) {
            case .use(let credentials, let askAhead):
                if askAhead { refresher?.ask(fetchAhead) }
                return credentials
            case .wait(let fetch):
                if case .credentials(let credentials) = try await fetch.value() { return credentials }
            case .fetch(let fetch):
                return try await lead(fetch)
            }
        }
    }

    /// Forgets credentials that AWS rejected, unless others have taken their place already.
    func invalidate(_ rejected: Credentials) {
        state.withLock { state in
            if state.current == rejected { state.current = nil }
        }
    }

    /// Fetches new credentials while the current ones stay in use. The refresher calls it.
    func fetchAhead() async {
        defer { state.withLock { $0.isFetchedAhead = false } }
        let fetch = state.withLock { state -> Promise<Fetched>? in
            guard state.fetch == nil else { return nil }
            let fetch = Promise<Fetched>()
            state.fetch = fetch
            return fetch
        }
        if let fetch { _ = try? await lead(fetch) }
    }

    private static func choose(_ state: inout State, at now: Date, _ uptime: Duration) -> Choice {
        var current = state.current
        if let kept = current {
            let left = kept.expiration.map { $0.timeIntervalSince(now) } ?? .infinity
            // Keys that live for minutes get shorter windows: with botocore's they would be fetched for every call.
            let advisory = min(advisoryMargin, max(state.lifetime - 300, state.lifetime * 0.4))
            let mandatory = min(margin, max(state.lifetime - 600, state.lifetime * 0.2))
            let isPaused = left > 0 && uptime < state.noRefreshBefore
            if left > advisory || isPaused { return .use(kept, askAhead: false) }
            if left <= mandatory { current = nil }
        }
        if let current {
            let askAhead = !state.isFetchedAhead && state.fetch == nil
            if askAhead { state.isFetchedAhead = true }
            return .use(current, askAhead: askAhead)
        }
        if let fetch = state.fetch { return .wait(fetch) }
        let fetch = Promise<Fetched>()
        state.fetch = fetch
        return .fetch(fetch)
    }

    /// Fetches, and gives the result to those who wait.
    private func lead(_ fetch: Promise<Fetched>) async throws -> Credentials {
        let result = await fetched()
        let isAbandoned = if case .failure = result { Task.isCancelled } else { false }
        state.withLock { $0.fetch = nil }
        fetch.settle(isAbandoned ? .success(.abandoned) : result.map { .credentials($0) })
        try Task.checkCancellation()
        return try result.get()
    }

    private func fetched() async -> Result<Credentials, any Error> {
        do {
            guard let found = try await provider.credentials() else {
                throw AWSClientError.noCredentials(tried: provider.name, hint: provider.hint)
            }
            let now = system.now()
            state.withLock { state in
                state.current = found
                state.lifetime = found.expiration.map { $0.timeIntervalSince(now) } ?? 0
            }
            return .success(found)
        } catch {
            if Task.isCancelled { return .failure(error) }
            let now = system.now()
            let retryAt = system.uptime() + Self.pauseAfterFailure
            let current = state.withLock { state -> Credentials? in
                state.noRefreshBefore = retryAt
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
