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
    /// The time for which the credentials stay in use after a fetch that brought no better ones.
    private static let pause: Duration = .seconds(15)
    /// The time for which callers get the error of a failed fetch where there are no credentials to use meanwhile.
    private static let pauseWithout: Duration = .seconds(5)

    private struct State {
        var current: Credentials?
        /// The time for which the current ones were valid when they came.
        var lifetime: TimeInterval = 0
        /// The fetch that is under way.
        var fetch: Promise<Fetched>?
        /// True from when a fetch ahead was asked for until it ends.
        var isFetchedAhead = false
        /// The end of the last fetch, as time since the start of the process.
        var fetchedAt: Duration?
        /// The error of the last fetch, if it failed.
        var failure: (any Error)?

        /// True if the last fetch ended less than `pause` ago.
        func hasFetched(within pause: Duration, of uptime: Duration) -> Bool {
            fetchedAt.map { uptime < $0 + pause } ?? false
        }
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
        case fail(any Error)
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
    /// Everyone who waits for a fetch gets its result. Where a fetch failed, credentials that are still valid stay in use, and
    /// without any its error is kept for some seconds, so that a source is not asked by every call.
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
            case .fail(let error):
                throw error
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
            // What the source has just given is the best that it has, also where a wrong clock takes it for expired.
            let isPaused = state.hasFetched(within: pause, of: uptime) && (left > 0 || state.failure == nil)
            if left > advisory || isPaused { return .use(kept, askAhead: false) }
            if left <= mandatory { current = nil }
        }
        if let current {
            let askAhead = !state.isFetchedAhead && state.fetch == nil
            if askAhead { state.isFetchedAhead = true }
            return .use(current, askAhead: askAhead)
        }
        if let fetch = state.fetch { return .wait(fetch) }
        if let failure = state.failure, state.hasFetched(within: pauseWithout, of: uptime) { return .fail(failure) }
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
            let (now, uptime) = (system.now(), system.uptime())
            state.withLock { state in
                state.current = found
                state.lifetime = found.expiration.map { $0.timeIntervalSince(now) } ?? 0
                state.fetchedAt = uptime
                state.failure = nil
            }
            return .success(found)
        } catch {
            if Task.isCancelled { return .failure(error) }
            let (now, uptime) = (system.now(), system.uptime())
            let current = state.withLock { state -> Credentials? in
                state.fetchedAt = uptime
                state.failure = error
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
