import Foundation
import TestSupport
import Testing

/// The whole guard in a simulated account, once for each seed.
@Suite struct SimulationTests {
    @Test func `the same seed gives the same world, to the last call`() async throws {
        async let first = simulate("--first", "1", "--seeds", "6", "--trace")
        async let second = simulate("--first", "1", "--seeds", "6", "--trace")
        let (one, two) = try await (first, second)
        #expect(one.output == two.output)
        #expect(one.lines.count > 500)
    }

    @Test func `other seeds give other worlds`() async throws {
        let result = try await simulate("--first", "1", "--seeds", "6")
        let digests = result.lines.compactMap { line in
            line.firstRange(of: "digest ").map { line[$0.upperBound...].prefix { $0 != "," } }
        }
        #expect(digests.count == 6 && Set(digests).count == 6)
    }

    /// Runs the simulator in a process of its own, so that hashes are the same in each run.
    private func simulate(_ arguments: String...) async throws -> ChildProcess.Result {
        try await ChildProcess(
            ChildProcess.built("simulate"),
            arguments,
            environment: ["SWIFT_DETERMINISTIC_HASHING": "1"]
        ).end(within: .seconds(300))
    }
}
