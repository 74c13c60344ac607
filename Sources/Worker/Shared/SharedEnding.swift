/// The result of recording the end of a run.
enum SharedEnding: Hashable, Sendable {
    /// The end is recorded. This host did the event.
    case done
    /// Another host took the event over. `isSettled` is true if that host has recorded a final outcome, or has told this one.
    case lost(isSettled: Bool)
    /// Another host took the event over and ended it with its own outcome. No host has told people of this host's outcome.
    case late
    /// There is no store, or it cannot be reached.
    case unknown
}
