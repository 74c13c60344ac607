import AWSClient
import Foundation
import SecurityGroups
import Synchronization
import Testing

@testable import Worker

@Suite struct PrefixListCacheTests {
    private final class Reads: Sendable {
        let ids = Mutex<[String]>([])
        let now = Mutex(Date(timeIntervalSince1970: 1_796_083_200))
    }

    private static let list = "pl-0a1b2c3d"

    private func cache(_ reads: Reads, _ blocks: [String] = ["10.0.0.0/8"]) throws -> (PrefixListCache, Place) {
        let clock = WorkerClock(now: { reads.now.withLock(\.self) }, sleep: { _ in })
        let cache = PrefixListCache(clock: clock) { id, _ in
            reads.ids.withLock { $0.append(id) }
            return blocks
        }
        return (cache, Place(account: nil, region: try #require(AWSRegion("eu-west-1"))))
    }

    @Test func `a list is read once in a while`() async throws {
        let reads = Reads()
        let (cache, place) = try cache(reads)
        let block = try #require(CIDRBlock("10.0.0.0/8"))
        for _ in 0..<3 { #expect(try await cache.lists([Self.list], in: place)[Self.list] == [block]) }
        #expect(reads.ids.withLock(\.self) == [Self.list])
        reads.now.withLock { $0 += 301 }
        _ = try await cache.lists([Self.list], in: place)
        #expect(reads.ids.withLock(\.self).count == 2)
    }

    @Test func `a changed list is read again`() async throws {
        let reads = Reads()
        let (cache, place) = try cache(reads)
        _ = try await cache.lists([Self.list], in: place)
        cache.forget(Self.list)
        _ = try await cache.lists([Self.list], in: place)
        #expect(reads.ids.withLock(\.self).count == 2)
    }

    @Test func `a list with an entry that is no block is not known`() async throws {
        let reads = Reads()
        let (cache, place) = try cache(reads, ["10.0.0.0/8", "x"])
        #expect(try await cache.lists([Self.list], in: place)[Self.list] == nil)
    }

    @Test func `no list, no call`() async throws {
        let reads = Reads()
        let (cache, place) = try cache(reads)
        _ = try await cache.lists([], in: place)
        #expect(reads.ids.withLock(\.self) == [])
    }
}
