extension CallDesk {
    /// One item as the call gets it.
    struct Entry: Sendable {
        let item: Item
        /// True if an earlier call may have done it, whose response was lost.
        let mayBeDone: Bool
    }
}
