import Foundation
import InMemoryLogging
import Logging
import Synchronization
import Testing

@testable import AWSClient

@Suite struct CredentialCacheTests {
    /// Hands out keys numbered by the call, after a gate has opened.
    private final class Source: CredentialProvider {
        let name = "source"
        let calls = Mutex(0)
        private let outcome: @Sendable (Int) throws -> Credentials?
        private let started: AsyncStream<Void>.Continuation
        let starts: AsyncStream<Void>
        private let opened: AsyncStream<Void>
        let open: AsyncStream<Void>.Continuation
        private let isGated: Bool

        init(isGated: Bool = false, outcome: @escaping @Sendable (Int) throws -> Credentials?) {
            self.isGated = isGated
            self.outcome = outcome
            (starts, started) = AsyncStream.makeStream()
            (opened, open) = AsyncStream.makeStream()
        }

        var count: Int { calls.withLock { $0 } }

        func credentials() async throws -> Credentials? {
            let number = calls.withLock { count in
                count += 1
                return count
            }
            started.yield()
            if isGated { for await _ in opened { break } }
            return try outcome(number)
        }
    }

    private static func keys(_ number: Int, expiresIn seconds: TimeInterval? = nil) -> Credentials {
        Credentials(
            accessKeyID: "A\(number)",
            secretAccessKey: "S",
            expiration: seconds.map { TestSystem.start + $0 }
        )
    }

    @Test func `asks once and keeps what does not expire`() async throws {
        let source = Source { Self.keys($0) }
        var system = TestSystem().system
        system.now = { .distantFuture }
        let cache = CredentialCache(source, system: system)
        for _ in 0..<3 { #expect(try await cache.credentials().accessKeyID == "A1") }
        #expect(source.count == 1)
    }

    @Test(arguments: [(599.0, "A1"), (601.0, "A2")])
    func `fetches anew ten minutes before the expiration`(seconds: TimeInterval, key: String) async throws {
        let system = TestSystem()
        let cache = CredentialCache(Source { Self.keys($0, expiresIn: 1200) }, system: system.system)
        _ = try await cache.credentials()
        system.advance(by: seconds)
        #expect(try await cache.credentials().accessKeyID == key)
    }

    @Test func `fetches in the background from fifteen minutes before the expiration, while the old ones are used`()
        async throws
    {
        let system = TestSystem()
        let source = Source(isGated: true) { Self.keys($0, expiresIn: $0 == 1 ? 2000 : 9000) }
        let refresher = CredentialRefresher()
        async let _ = refresher.run()
        let cache = CredentialCache(source, refresher: refresher, system: system.system)
        source.open.yield()
        #expect(try await cache.credentials().accessKeyID == "A1")
        system.advance(by: 1099)
        #expect(try await cache.credentials().accessKeyID == "A1")
        #expect(source.count == 1)
        system.advance(by: 1)
        // The source is shut: whoever waited for it would never come back.
        for _ in 0..<3 { #expect(try await cache.credentials().accessKeyID == "A1") }
        var starts = source.starts.makeAsyncIterator()
        for _ in 0..<2 { _ = await starts.next() }
        #expect(source.count == 2)
        source.open.finish()
        system.advance(by: 301)
        #expect(try await cache.credentials().accessKeyID == "A2")
        #expect(source.count == 2)
    }

    @Test func `lets go of a waiter who is cancelled, and of him alone`() async throws {
        let source = Source(isGated: true) { Self.keys($0) }
        let cache = CredentialCache(source, system: TestSystem().system)
        let waiter = Task { try await cache.credentials() }
        for await _ in source.starts { break }
        waiter.cancel()
        // The source is still shut: only the cancellation can end this wait.
        await #expect(throws: CancellationError.self) { try await waiter.value }
        source.open.finish()
        #expect(try await cache.credentials().accessKeyID == "A1")
        #expect(source.count == 1)
    }

    @Test func `shares one fetch among all who wait, and outlives the one who cancels`() async throws {
        let source = Source(isGated: true) { Self.keys($0) }
        let cache = CredentialCache(source, system: TestSystem().system)
        let first = Task { try await cache.credentials() }
        for await _ in source.starts { break }
        let others = (0..<4).map { _ in Task { try await cache.credentials() } }
        first.cancel()
        source.open.finish()
        for task in others { #expect(try await task.value.accessKeyID == "A1") }
        #expect(source.count == 1)
    }

    @Test func `lets another caller fetch where the one who fetched is cancelled`() async throws {
        let source = Source(isGated: true) { number in
            // The first fetch ends with its task, and has nothing to show for it.
            if number == 1 { throw CancellationError() }
            return Self.keys(number)
        }
        let cache = CredentialCache(source, system: TestSystem().system)
        let first = Task { try await cache.credentials() }
        for await _ in source.starts { break }
        let other = Task { try await cache.credentials() }
        first.cancel()
        await #expect(throws: CancellationError.self) { try await first.value }
        source.open.finish()
        #expect(try await other.value.accessKeyID == "A2")
    }

    @Test func `a fetch ahead that fails leaves the keys in use, and is asked for again after a pause`() async throws {
        let system = TestSystem()
        let source = Source { number in
            guard number != 2 else { throw AWSClientError.missingRegion }
            return Self.keys(number, expiresIn: number == 1 ? 2000 : 9000)
        }
        let refresher = CredentialRefresher()
        async let _ = refresher.run()
        let log = InMemoryLogHandler()
        let logger = Logger(label: "test") { _ in log }
        let cache = CredentialCache(source, refresher: refresher, system: system.system, logger: logger)
        _ = try await cache.credentials()
        system.advance(by: 1100)
        while source.count < 2 { #expect(try await cache.credentials().accessKeyID == "A1") }
        // The pause begins with the end of the fetch. Time that passes before does not count.
        while log.entries.isEmpty { await Task.yield() }
        system.advance(by: 16)
        while source.count < 3 { _ = try await cache.credentials() }
        while try await cache.credentials().accessKeyID != "A3" { await Task.yield() }
    }

    @Test
    func `without keys it asks a failing source once in five seconds, also where the clock is set back meanwhile`()
        async throws
    {
        let system = TestSystem()
        let source = Source { number in
            guard number > 2 else { throw AWSClientError.missingRegion }
            return Self.keys(number)
        }
        let cache = CredentialCache(source, system: system.system)
        for seconds in [0.0, 4.9, 0.2, 4.8] {
            system.advance(by: seconds)
            await #expect(throws: AWSClientError.missingRegion) { try await cache.credentials() }
        }
        #expect(source.count == 2)
        system.setBack(by: 86_400)
        await #expect(throws: AWSClientError.missingRegion) { try await cache.credentials() }
        system.advance(by: 0.3)
        #expect(try await cache.credentials().accessKeyID == "A3")
    }

    @Test func `keys that a wrong clock takes for expired are not fetched anew for every call`() async throws {
        let system = TestSystem()
        let source = Source { Self.keys($0, expiresIn: 3600) }
        let cache = CredentialCache(source, system: system.system)
        system.advance(by: 86_400)
        for _ in 0..<10 { #expect(try await cache.credentials().accessKeyID == "A1") }
        #expect(source.count == 1)
        system.advance(by: 15)
        #expect(try await cache.credentials().accessKeyID == "A2")
        // AWS says that they have expired: others are fetched at once.
        cache.invalidate(Self.keys(2, expiresIn: 3600))
        #expect(try await cache.credentials().accessKeyID == "A3")
    }

    @Test func `goes on with credentials that are still valid where a fetch fails`() async throws {
        let system = TestSystem()
        let cache = CredentialCache(
            Source { number in
                guard number == 1 else { throw AWSClientError.missingRegion }
                return Self.keys(number, expiresIn: 1200)
            },
            system: system.system
        )
        _ = try await cache.credentials()
        system.advance(by: 1199)
        #expect(try await cache.credentials().accessKeyID == "A1")
        system.advance(by: 1)
        await #expect(throws: AWSClientError.missingRegion) { try await cache.credentials() }
    }

    @Test func `says where it looked`() async {
        let cache = CredentialCache(Source { _ in nil }, system: TestSystem().system)
        await #expect(throws: AWSClientError.noCredentials(tried: "source")) { try await cache.credentials() }
    }

    @Test func `forgets only what was rejected`() async throws {
        let source = Source { Self.keys($0) }
        let cache = CredentialCache(source, system: TestSystem().system)
        let first = try await cache.credentials()
        cache.invalidate(Self.keys(9))
        #expect(try await cache.credentials() == first)
        cache.invalidate(first)
        #expect(try await cache.credentials().accessKeyID == "A2")
    }

    @Test func `fetches keys that live for five minutes once for many calls, and anew ahead of their end`() async throws
    {
        let system = TestSystem()
        let source = Source { Self.keys($0, expiresIn: $0 == 1 ? 300 : 9000) }
        let cache = CredentialCache(source, system: system.system)
        for _ in 0..<15 {
            #expect(try await cache.credentials().accessKeyID == "A1")
            system.advance(by: 10)
        }
        #expect(source.count == 1)
        system.advance(by: 100)
        // Less than a fifth is left: callers wait for the new ones.
        #expect(try await cache.credentials().accessKeyID == "A2")
        #expect(source.count == 2)
    }

    @Test func `does not ask a failing source for every call while the keys are valid`() async throws {
        let system = TestSystem()
        let source = Source { number in
            guard number == 1 else { throw AWSClientError.missingRegion }
            return Self.keys(number, expiresIn: 1200)
        }
        let cache = CredentialCache(source, system: system.system)
        _ = try await cache.credentials()
        system.advance(by: 1100)
        for _ in 0..<10 { #expect(try await cache.credentials().accessKeyID == "A1") }
        #expect(source.count == 2, "in their last ten minutes the first call fetches")
        system.advance(by: 14)
        #expect(try await cache.credentials().accessKeyID == "A1")
        #expect(source.count == 2)
        system.advance(by: 1)
        #expect(try await cache.credentials().accessKeyID == "A1")
        #expect(source.count == 3)
    }

    @Test(.timeLimit(.minutes(10)))
    func `fetches keys that live for five minutes ahead from two minutes before their end`() async throws {
        let system = TestSystem()
        let source = Source(isGated: true) { Self.keys($0, expiresIn: $0 == 1 ? 300 : 9000) }
        let refresher = CredentialRefresher()
        async let _ = refresher.run()
        let cache = CredentialCache(source, refresher: refresher, system: system.system)
        source.open.yield()
        for seconds in [0.0, 179, 1] {
            #expect(source.count <= 1)
            system.advance(by: seconds)
            #expect(try await cache.credentials().accessKeyID == "A1")
        }
        var starts = source.starts.makeAsyncIterator()
        for _ in 0..<2 { _ = await starts.next() }
        #expect(source.count == 2)
        source.open.finish()
    }
}
