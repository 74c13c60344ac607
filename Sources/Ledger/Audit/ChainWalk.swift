/// Follows the chain of the trail entry by entry.
struct ChainWalk {
    /// The entry before the next.
    private(set) var head: Anchor?
    /// How many entries were seen.
    private(set) var count = 0
    private let anchor: Anchor?
    /// Emptied entries that begin or lead on, and so must be followed by an emptied entry of their event. By their
    /// number, which the next names.
    private var open: Set<Int64> = []
    /// The emptied entries of events whose end was seen.
    private var lastTime = ""

    init(head: Anchor?, anchor: Anchor?) {
        self.head = head
        self.anchor = anchor
    }

    /// What is wrong with the beginning.
    func begin() -> [AuditFinding] {
        var found: [AuditFinding] = []
        if let anchor, let head, anchor.seq < head.seq {
            found.append(.anchorPruned(anchor: anchor.seq, first: head.seq + 1))
        }
        return found + checkAnchor()
    }

    /// What is wrong with the next entry.
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
        lastTime = max(lastTime, entry.at)
        count += 1
        return found + checkAnchor()
    }

    /// What is wrong with the end.
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

    /// A prune empties all entries of an event whose end is `ignored` or `dead-lettered`. What it was cannot be read any
    /// more, but its kind, its event and its link to the entry before are under the hash.
    private mutating func checkEmptied(_ entry: TrailEntry) -> [AuditFinding] {
        let wasOpen = entry.before.flatMap { open.remove($0) } != nil
        switch TrailKind(rawValue: entry.kind) {
        case .ignored?, .deadLettered?: return []
        case .claimed?, .failed?:
            open.insert(entry.seq)
            return []
        case .notified? where !wasOpen && entry.before != nil: return []
        case .notified?, .finished?, .carried?, .pruned?, .note?, nil: return [.emptied(seq: entry.seq)]
        }
    }
}
