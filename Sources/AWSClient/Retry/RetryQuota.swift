/// The number of retries that a client may make, so that retries do not overload a service in trouble.
struct RetryQuota: Equatable, Sendable {
    static let capacity = 500
    private(set) var available = Self.capacity

    init(available: Int = Self.capacity) {
        self.available = available
    }

    /// Takes the cost of a retry. Returns the cost, or nil if too little is left.
    mutating func take(_ reason: RetryReason) -> Int? {
        let cost =
            switch reason {
            case .transient: 14
            case .throttling: 5
            }
        guard available >= cost else { return nil }
        available -= cost
        return cost
    }

    /// Gives back the cost of the last retry of a successful call, or 1 if it needed none. A failed call gives nothing
    /// back.
    mutating func succeeded(lastCost: Int?) {
        available = min(Self.capacity, available + (lastCost ?? 1))
    }
}
