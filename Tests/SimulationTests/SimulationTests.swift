import Foundation
import SimulatedWorld
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
        #expect(digests.count == 6)
        #expect(Set(digests).count == 6)
    }

    /// Two processes, for two processors.
    @Test(arguments: [(1, 1), (21, 1), (1, 2)])
    func `what must hold holds after the storms of 20 worlds, also with two machines that share a table`(
        first: Int,
        hosts: Int
    ) async throws {
        let result = try await simulate("--first", "\(first)", "--seeds", "20", "--hosts", "\(hosts)", "--quiet")
        #expect(result.lines.last?.hasPrefix("total: 20 seeds") == true)
        #expect(result.exitCode == 0, "\(result.output)")
    }

    @Test(arguments: [
        (SimulatedFault.forgetsLedger, "was delivered and has no row"),
        (.deletesEarly, "was delivered and has no row"),
        (.fakesRevokes, "stands and is forbidden"),
        (.revokesApproved, "although it was approved"),
        (.opensAnything, "never stood approved"),
        (.swallowsNotices, "is recorded as sent and was not"),
        (.editsLedger, "the trail does not verify"),
        (.blindsSnapshots, "and no event tells of it"),
        (.forgetsBaseline, "although it was approved"),
        (.forgetsEnds, "and its exemption is over"),
        (.keepsOldPolicy, "and was allowed before"),
    ])
    func `a fault that no guard can make good is found`(fault: SimulatedFault, words: String) async throws {
        // Not every world has what the fault needs, for instance a lost record of a forbidden rule.
        let result = try await simulate("--seeds", "80", "--quiet", "--fault", fault.rawValue, "--until", words)
        #expect(result.exitCode == 2)
        #expect(result.output.contains(words), "80 worlds do not show it")
    }

    /// Runs the simulator in a process of its own, so that hashes are the same in each run.
    private func simulate(_ arguments: String...) async throws -> ChildProcess.Result {
        try await ChildProcess(
            ChildProcess.built("simulate"),
            arguments,
            environment: ["SWIFT_DETERMINISTIC_HASHING": "1"]
        ).end(within: .seconds(900))
    }
}
