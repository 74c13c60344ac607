/// One problem that a verification of a ledger found.
package enum AuditFinding: Error, Hashable, CustomStringConvertible, Sendable {
    /// The entry's hash does not follow from the entry before it.
    case broken(seq: Int64)
    /// Entries are missing between the two.
    case removed(from: Int64, to: Int64)
    /// The text of an entry is not the one that was written, is no JSON, or is gone.
    case unreadable(seq: Int64)
    /// An entry was emptied that a prune may not empty.
    case emptied(seq: Int64)
    /// A prune claims to have dropped entries that are too young for a prune.
    case youngPrune(seq: Int64, from: Int64, to: Int64, at: String)
    /// The trail ends before the anchor.
    case truncated(head: Int64, anchor: Int64)
    /// The entry at the anchor's number is another one than the anchor's.
    case rewritten(anchor: Int64)
    /// The anchor's entry was pruned, so the anchor proves nothing any more.
    case anchorPruned(anchor: Int64, first: Int64)
    /// The trail has an event that the views do not show.
    case missingEvent(eventID: String, seq: Int64)
    /// The views show an event that the trail does not have.
    case strayEvent(eventID: String)
    /// An event's row names an earlier entry as its latest.
    case hidden(eventID: String, seq: Int64)
    /// A view shows another value than the trail. `seq` is the trail's latest entry about the event.
    case differs(eventID: String, column: String, shown: String, expected: String, seq: Int64)
    /// A table, index, trigger or view is missing, added or changed.
    case schema(name: String)
    /// SQLite itself finds the file damaged.
    case damaged(detail: String)
    /// There are more findings than are kept one by one.
    case more(count: Int)

    /// One line: the entry, and the problem.
    package var description: String {
        switch self {
        case .broken(let seq):
            "entry \(seq) does not follow from the one before: it was altered, inserted or moved"
        case .removed(let from, let to) where from == to: "entry \(from) was removed"
        case .removed(let from, let to): "entries \(from) to \(to) were removed"
        case .unreadable(let seq): "entry \(seq) cannot be read: it was altered"
        case .emptied(let seq): "entry \(seq) was emptied, which no prune does to an entry of its kind and age"
        case .youngPrune(let seq, let from, let to, let at):
            "entry \(seq) tells of a prune of entries \(from) to \(to), of which the last was of \(at): a prune keeps 28 days"
        case .truncated(let head, let anchor):
            "the trail ends at entry \(head), before the anchor's \(anchor): its tail was cut off"
        case .rewritten(let anchor):
            "entry \(anchor) is not the one that the anchor was taken from: the trail was written anew"
        case .anchorPruned(let anchor, let first):
            "the anchor's entry \(anchor) was pruned, the trail begins at \(first): check with a later anchor"
        case .missingEvent(let eventID, let seq):
            "entry \(seq) tells of event \(eventID), which audit_events does not show"
        case .strayEvent(let eventID): "audit_events shows event \(eventID), which the trail does not know"
        case .hidden(let eventID, let seq): "event \(eventID) does not know its entry \(seq): its row was altered"
        case .differs(let eventID, let column, let shown, let expected, let seq):
            "event \(eventID): \(column) is \(shown) where entry \(seq) and those before make it \(expected)"
        case .schema(let name): "\(name) is not as this version of sg-revert makes it"
        case .damaged(let detail): "the file is damaged: \(detail)"
        case .more(let count): "and \(count) more findings"
        }
    }

    /// True if a table, index, trigger or view is not as it should be.
    var isOfSchema: Bool {
        if case .schema = self { true } else { false }
    }
}
