import Foundation
import SecurityGroups
import Testing

@testable import Ledger

/// The rules by which the ledger and the table of a fleet take or leave a delivery.
@Suite struct ClaimRulesTests {
    private static let now = Date(timeIntervalSince1970: 1_764_000_000)

    /// Seconds from now to the end of a lease of 60 seconds, with a slack of 5, and whether it holds.
    @Test(
        arguments: [
            (0.001, true), (60, true), (65, true), (0, false), (-1, false), (65.001, false), (3600, false),
        ] as [(Double, Bool)]
    )
    func `a lease holds until its end, unless its end is later than any lease of today`(
        _ seconds: Double,
        _ isHeld: Bool
    ) {
        let end = Self.now.addingTimeInterval(seconds)
        #expect(ClaimRules.isHeld(until: end, now: Self.now, lease: .seconds(60), slack: .seconds(5)) == isHeld)
    }

    @Test func `ends that no clock can say are no lease`() {
        for end in [Date.distantPast, .distantFuture] {
            #expect(!ClaimRules.isHeld(until: end, now: Self.now, lease: .seconds(60), slack: .zero))
        }
    }

    @Test(arguments: EventOutcome.allCases)
    func `an outcome that is final makes a delivery a duplicate, unless it was replayed more often`(
        _ outcome: EventOutcome
    ) {
        let runsAgain: Set<EventOutcome> = [.failed, .suppressed, .deadLettered]
        for (replayCount, known) in [(0, 0), (0, 3), (3, 3)] {
            #expect(
                ClaimRules.isDuplicate(of: outcome, replayCount: replayCount, known: known)
                    == !runsAgain.contains(outcome)
            )
        }
        for (replayCount, known) in [(1, 0), (4, 3), (Int.max, 3)] {
            #expect(!ClaimRules.isDuplicate(of: outcome, replayCount: replayCount, known: known))
        }
    }

    @Test(arguments: EventOutcome.allCases)
    func `an addendum says nothing new of what was judged`(_ outcome: EventOutcome) {
        #expect(outcome.isJudged == ![.ignored, .failed, .deadLettered].contains(outcome))
    }
}
