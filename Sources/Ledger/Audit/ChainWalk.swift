/// Follows the chain of the trail entry by entry.
struct ChainWalk {
    /// The last entry that was checked.
    private(set) var head: Anchor?
    /// The number of entries that were checked.
    private(set) var count = 0
    private let anchor: Anchor?
    /// The numbers of emptied entries that begin or continue an event, so that a later emptied entry must name them.
    private var open: Set<Int64> = []

    init(head: Anchor?, anchor: Anchor?) {
        self.head = head
        self.anchor = anchor
    }

    /// Checks the beginning of the trail.
    func begin() -> [AuditFinding] {
        var found: [AuditFinding] = []
        if let anchor, let head, anchor.seq < head.seq {
            found.append(.anchorPruned(anchor: anchor.seq, first: head.seq + 1))
        }
        return found + checkAnchor()
    }

    /// Checks the next entry.
    mutating func check(_ entry: TrailEntry) -> [AuditFinding] {
        var found: [AuditFinding] = []
        let expected = (head?.seq ?? 0) + 1
        let previous = head?.hash ?? TrailEntry.genesis
        if entry.seq != expected {
            found.append(.removed(from: expected, to: entry.seq - 1))
        } else if !previous.isEmpty, entry.hash != entry.hash(after: previous) {
            found.append(.broken(seq: entry.seq))
        }
        if !entry.hasItsText { found.append(.unreadable(seq: entry.seq)) }
        if entry.entry == nil { found += checkEmptied(entry) }
        head = Anchor(seq: entry.seq, hash: entry.hash)
        count += 1
        return found + checkAnchor()
    }

    /// Checks the end of the trail.
    func end() -> [AuditFinding] {
        var found: [AuditFinding] = open.sorted().map { .emptied(seq: $0) }
        if let anchor, anchor.seq > head?.seq ?? 0 {
            found.append(.truncated(head: head?.seq ?? 0, anchor: anchor.seq))
        }
        return found
    }

    private func checkAnchor() -> [AuditFinding] {
        guard let anchor, head?.seq == anchor.seq, head != anchor else { return [] }
        return [.rewritten(anchor: anchor.seq)]
    }

    /// Checks that an emptied entry belongs to an event that ended as `ignored` or `dead-lettered`. Its text is gone,
    /// but its kind, its event and its link to the entry before are covered by the hash.
    private mutating func checkEmptied(_ entry: TrailEntry) -> [AuditFinding] {
        let wasOpen = entry.before.flatMap { open.remove($0) } != nil
        switch TrailKind(rawValue: entry.kind) {
        case .ignored?, .deadLettered?: return []
        case .claimed?, .failed?:
            open.insert(entry.seq)
            return []
        case .notified? where !wasOpen && entry.before != nil: return []
        case .notified?, .finished?, .baseline?, .exemption?, .carried?, .pruned?, .note?, nil:
            return [.emptied(seq: entry.seq)]
        }
    }
}
