import Foundation
import TestSupport
import Testing

@testable import Worker

/// How long a rule stays open of which no event tells.
@Suite struct UndeliveredEventTests {
    /// The keeper looks at its ledger so often.
    private static let pause = 20.0

    /// The seconds from a call `delay` after a snapshot until its rule is gone, by the defaults.
    private func open(delay: Double) async throws -> Double {
        let it = try Keeper(Pipeline())
        await it.keeper.round(isWanted: true)
        let start = it.it.time.now
        var next = start.addingTimeInterval(Self.pause)
        func wait(until time: Date) { it.it.time.advance(.seconds(time.timeIntervalSince(it.it.time.now))) }
        while next <= start + delay {
            wait(until: next)
            await it.keeper.round(isWanted: false)
            next += Self.pause
        }
        wait(until: start + delay)
        try it.it.aws.stand([1])
        while it.it.aws.with({ !$0.rules.isEmpty }), next < start + 3600 {
            wait(until: next)
            await it.keeper.round(isWanted: false)
            next += Self.pause
        }
        return it.it.time.now.timeIntervalSince(start + delay)
    }

    @Test func `it is closed within a snapshot, two settle times and three rounds of the keeper; 8 minutes on average`()
        async throws
    {
        var seconds: [Double] = []
        for delay in stride(from: 1.0, to: 900, by: 29) { seconds.append(try await open(delay: delay)) }
        let mean = seconds.reduce(0, +) / Double(seconds.count)
        #expect(seconds.allSatisfy { $0 >= 30 && $0 <= 900 + 30 + 3 * Self.pause })
        #expect(mean > 420 && mean < 560, "\(mean) \(seconds.min() ?? 0) \(seconds.max() ?? 0)")
    }
}
