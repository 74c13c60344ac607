/// What a client may spend on retries, so that a service in trouble is not buried under them.
struct RetryQuota: Equatable, Sendable {
    static let capacity = 500
    private(set) var available = Self.capacity

    init(available: Int = Self.capacity) {
        self.available = available
    }

    /// Takes what a retry costs, or nothing if too little is left. The answer is what was taken.
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

    /// A call succeeded: what its last retry took comes back, or 1 where none was needed. A failed call gives nothing.
    mutating func succeeded(lastCost: Int?) {
        available = min(Self.capacity, available + (lastCost ?? 1))
    }
}
