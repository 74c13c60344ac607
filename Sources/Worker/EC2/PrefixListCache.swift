import AWSClient
import SecurityGroups
import Synchronization

/// The entries of prefix lists, each read from time to time. A policy with `expand_prefix_lists` is judged by them.
final class PrefixListCache: Sendable {
    private struct Key: Hashable {
        let place: Place
        let id: String
    }

    private struct Entry {
        /// Nil for a list that is not known.
        let blocks: [CIDRBlock]?
        let readAt: ContinuousClock.Instant
    }

    /// Entries are used for this long. A change of a list takes effect after it.
    private static let age = Duration.seconds(60)
    /// More lists than any account uses. Beyond it, the cache is emptied.
    private static let maximumCount = 1000

    private let clock: WorkerClock
    private let read: @Sendable (String, Place) async throws -> [String]
    private let known = Mutex<[Key: Entry]>([:])

    /// - Parameter read: Asks EC2 for the entries of a list.
    init(clock: WorkerClock, read: @escaping @Sendable (String, Place) async throws -> [String]) {
        self.clock = clock
        self.read = read
    }

    /// Returns the entries of these lists. A list that EC2 does not know, or with an entry that is no CIDR block, is
    /// missing: it may contain anything.
    func lists(_ ids: Set<String>, in place: Place) async throws -> PrefixLists {
        var lists: [String: [CIDRBlock]] = [:]
        for id in ids {
            lists[id] = try await blocks(of: id, in: place)
        }
        return PrefixLists(lists)
    }

    /// Forgets all entries, so that each is read anew.
    func forget() {
        known.withLock { $0 = [:] }
    }

    private func blocks(of id: String, in place: Place) async throws -> [CIDRBlock]? {
        let key = Key(place: place, id: id)
        let now = clock.instant()
        if let entry = known.withLock({ $0[key] }), now - entry.readAt < Self.age {
            return entry.blocks
        }
        let blocks = try await readBlocks(of: id, in: place)
        known.withLock { known in
            if known.count >= Self.maximumCount { known = [:] }
            known[key] = Entry(blocks: blocks, readAt: now)
        }
        return blocks
    }

    private func readBlocks(of id: String, in place: Place) async throws -> [CIDRBlock]? {
        do {
            let texts = try await read(id, place)
            let blocks = texts.compactMap { CIDRBlock($0) }
            return blocks.count == texts.count ? blocks : nil
        } catch let error as AWSServiceError where error.has(code: "InvalidPrefixListID.NotFound") {
            return nil
        }
    }
}
