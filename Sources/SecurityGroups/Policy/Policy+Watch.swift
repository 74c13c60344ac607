/// The answer to whether a change is judged at all.
package enum WatchAnswer: Hashable, Sendable {
    /// It is judged under this entry.
    case watched(Watch)
    /// It is left alone.
    case notWatched
    /// The answer depends on these facts of the group, which are not known.
    case undetermined(needs: Set<GroupFact>)
}

extension Policy {
    /// Finds the entry under which a change is judged: the first that matches its group.
    ///
    /// An entry after one whose match depends on unknown facts cannot decide, unless all entries that may decide leave
    /// this kind of change alone.
    package func watch(_ context: ChangeContext) -> WatchAnswer {
        var needs: Set<GroupFact> = []
        var mayWatch = false
        for entry in watch {
            switch entry.match(context.group) {
            case .no: continue
            case .unknown(let facts):
                needs.formUnion(facts)
                mayWatch = mayWatch || entry.changes.contains(context.kind)
            case .yes:
                let watches = entry.changes.contains(context.kind)
                guard needs.isEmpty || (!watches && !mayWatch) else { return .undetermined(needs: needs) }
                return watches ? .watched(entry) : .notWatched
            }
        }
        return mayWatch ? .undetermined(needs: needs) : .notWatched
    }
}
