/// What was waited for and did not come.
struct TooLate: Error, CustomStringConvertible {
    let description: String
}

/// Looks again and again until there is something to see. The bound is for a test that would hang; it measures nothing.
func eventually<Found>(
    _ expectation: String,
    within bound: Duration = .seconds(60),
    look: () async throws -> Found?
) async throws -> Found {
    let deadline = ContinuousClock.now + bound
    while true {
        if let found = try await look() { return found }
        guard ContinuousClock.now < deadline else { throw TooLate(description: "still not so: \(expectation)") }
        try await Task.sleep(for: .milliseconds(30))
    }
}

/// The same for what is either so or not.
func eventually(_ expectation: String, holds: () async throws -> Bool) async throws {
    _ = try await eventually(expectation) { try await holds() ? () : nil }
}
