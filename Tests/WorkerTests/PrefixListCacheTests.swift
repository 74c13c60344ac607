import AWSClient
import SecurityGroups
import Synchronization
import TestSupport
import Testing

@testable import Worker

@Suite struct PrefixListCacheTests {
    private final class Reads: Sendable {
        let ids = Mutex<[String]>([])
        let time = VirtualTime()
    }

    private static let list = "pl-0a1b2c3d"

    private func cache(_ reads: Reads, _ blocks: [String] = ["10.0.0.0/8"]) throws -> (PrefixListCache, Place) {
        let cache = PrefixListCache(clock: reads.time.clock) { id, _ in
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
        reads.time.advance(.seconds(61))
        _ = try await cache.lists([Self.list], in: place)
        #expect(reads.ids.withLock(\.self).count == 2)
    }

    @Test func `a list with an entry that is no block is not known`() async throws {
        let reads = Reads()
        let (cache, place) = try cache(reads, ["10.0.0.0/8", "x"])
        for _ in 0..<3 { #expect(try await cache.lists([Self.list], in: place)[Self.list] == nil) }
        #expect(reads.ids.withLock(\.self).count == 1)
    }

    @Test func `no list, no call`() async throws {
        let reads = Reads()
        let (cache, place) = try cache(reads)
        _ = try await cache.lists([], in: place)
        #expect(reads.ids.withLock(\.self) == [])
    }
}
