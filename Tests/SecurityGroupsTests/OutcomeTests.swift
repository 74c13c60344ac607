import SecurityGroups
import Testing

private let everyRuleOutcome: [RuleOutcome] = [
    .reverted, .alreadyGone, .changedSince, .allowed, .exempt, .reported, .suppressed, .notRestored, .failed,
]

@Suite struct OutcomeTests {
    /// The contract's table, read from the top, said for every set of rule outcomes rather than for examples.
    @Test(arguments: 0..<(1 << everyRuleOutcome.count))
    func `any mixture of rule outcomes has one event outcome`(mask: Int) {
        let rules = everyRuleOutcome.indices.filter { mask & 1 << $0 != 0 }.map { everyRuleOutcome[$0] }
        let outcome = EventOutcome(of: rules)
        // In this order: the first that occurs decides.
        let decisive: [(RuleOutcome, EventOutcome)] = [
            (.failed, .failed), (.reverted, .reverted), (.reported, .reported), (.suppressed, .suppressed),
            (.notRestored, .notRestored),
            (.alreadyGone, .unchanged), (.changedSince, .unchanged), (.allowed, .allowed), (.exempt, .allowed),
        ]
        #expect(outcome == decisive.first { rules.contains($0.0) }?.1 ?? .unchanged)
        #expect(EventOutcome(of: rules.reversed() + rules) == outcome)
    }

    @Test func `only a failure and a wait for a limit are expected to change`() {
        #expect(EventOutcome.allCases.filter { !$0.isFinal } == [.suppressed, .failed])
    }

    @Test func `the raw values are the contract's`() {
        #expect(
            EventOutcome.allCases.map(\.rawValue)
                == [
                    "reverted", "unchanged", "allowed", "reported", "suppressed", "not-restored", "conflict", "ignored",
                    "failed", "dead-lettered",
                ]
        )
        #expect(
            everyRuleOutcome.map(\.rawValue)
                == [
                    "reverted", "already-gone", "changed-since", "allowed", "exempt", "reported", "suppressed",
                    "not-restored", "failed",
                ]
        )
        #expect(
            ChangeKind.allCases.map(\.rawValue)
                == ["ingress-added", "egress-added", "rule-modified", "ingress-removed", "egress-removed"]
        )
        let reasons: [IgnoreReason] = [.notARuleChange, .callFailed, .ownChange, .notWatched]
        #expect(reasons.map(\.rawValue) == ["not-a-rule-change", "call-failed", "own-change", "not-watched"])
    }
}
