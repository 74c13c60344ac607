import SecurityGroups
import TestSupport
import Testing

/// Every state of an attempt.
private enum Tried: CaseIterable {
    case nothing, accepted, unknown, lost

    func attempt(_ step: RevertStep) -> RevertAttempt? {
        let answer: RevertAttempt.Answer? =
            switch self {
            case .nothing: nil
            case .accepted: .accepted
            case .unknown: .unknown
            case .lost: .lost
            }
        let decision = Decision(decision: .revert, reason: "watch")
        return answer.map { RevertAttempt(step: step, decision: decision, since: .zero, answer: $0) }
    }
}

/// Every moment.
private let moments = (0..<8).map {
    RuleMoment(isEarly: $0 & 1 != 0, isOverdue: $0 & 2 != 0, isOurDoing: $0 & 4 != 0)
}

@Suite struct ReconcileUnwantedTests {
    private func verdict(
        _ standing: Standing,
        _ tried: Tried,
        _ moment: RuleMoment,
        kind: ChangeKind = .ingressAdded,
        step: RevertStep? = nil
    ) throws -> RuleVerdict {
        let step = try step ?? .revoke(Fixture.live())
        return reconcileUnwanted(standing, kind, attempt: tried.attempt(step), match: .exact, at: moment)
    }

    @Test(arguments: Tried.allCases, moments)
    private func `a missing rule is our doing, gone, or perhaps not yet shown`(tried: Tried, moment: RuleMoment) throws
    {
        let expected: RuleVerdict =
            switch (tried, moment.isOurDoing, moment.isEarly) {
            case (.accepted, _, _), (.lost, _, false): .proven(nil)
            case (_, _, true): .lookAgain
            case (_, true, false): .doneEarlier(nil)
            case (_, false, false): .settle(.alreadyGone)
            }
        #expect(try verdict(.missing, tried, moment) == expected)
    }

    @Test(arguments: Tried.allCases, moments)
    private func `a rule that stands is judged, unless its revoke is on the way or has failed`(
        tried: Tried,
        moment: RuleMoment
    ) throws {
        let live = try Fixture.live()
        let expected: RuleVerdict =
            switch (tried, moment.isOverdue) {
            case (.nothing, _), (.lost, _), (.unknown, false): .judge(live, .exact)
            case (.accepted, false): .lookAgain
            case (.accepted, true): .fail(.stillStands(live))
            case (.unknown, true): .fail(.shownButUnknown(live))
            }
        #expect(try verdict(.stands(live), tried, moment) == expected)
    }

    @Test(arguments: Tried.allCases, moments)
    private func `a rule that says something else is judged by what it says, a modified one once it has settled`(
        tried: Tried,
        moment: RuleMoment
    ) throws {
        let live = try Fixture.live()
        for kind in [ChangeKind.ingressAdded, .egressAdded, .ruleModified] {
            let waits = kind == .ruleModified && moment.isEarly
            let expected: RuleVerdict =
                switch (tried, moment.isOverdue) {
                case (.nothing, _), (.lost, _), (.unknown, false): waits ? .lookAgain : .judge(live, .other)
                case (.accepted, false): .lookAgain
                case (.accepted, true): .fail(.stillStands(live))
                case (.unknown, true): .fail(.shownButUnknown(live))
                }
            #expect(try verdict(.changed(live), tried, moment, kind: kind) == expected)
        }
    }

    @Test(arguments: Tried.allCases, moments)
    private func `an id of another group is nobody's to touch`(tried: Tried, moment: RuleMoment) throws {
        let live = try Fixture.live(in: 2)
        #expect(try verdict(.elsewhere(live), tried, moment) == .settle(.changedSince))
    }

    @Test(arguments: [Tried.accepted, .unknown, .lost], moments)
    private func `a rule that says what was to be restored is proven`(tried: Tried, moment: RuleMoment) throws {
        let before = try Fixture.live(1, Fixture.rule(port: 9))
        let live = try Fixture.live()
        let target = ApprovedContent(content: live.content, approval: Approval(source: "x"))
        let step = RevertStep.restore(before, to: target)
        #expect(try verdict(.changed(live), tried, moment, step: step) == .proven(nil))
        #expect(try verdict(.stands(live), tried, moment, step: step) == .proven(nil))
    }
}

@Suite struct ReconcileWantedTests {
    private func verdict(isThere: Bool, _ tried: Tried, _ moment: RuleMoment) throws -> RuleVerdict {
        let rule = Fixture.rule()
        let content = RuleContent(rule: rule, ruleDescription: nil)
        let step = RevertStep.authorize(ApprovedContent(content: content, approval: Approval(source: "x")))
        return reconcileWanted(
            rule,
            found: isThere ? try Fixture.ruleID(7) : nil,
            attempt: tried.attempt(step),
            at: moment
        )
    }

    @Test(arguments: Tried.allCases, moments)
    private func `a removed rule that stands was put back by us, by an earlier run, or by somebody else`(
        tried: Tried,
        moment: RuleMoment
    ) throws {
        let id = try Fixture.ruleID(7)
        let expected: RuleVerdict =
            switch (tried, moment.isEarly, moment.isOurDoing) {
            case (_, true, _): .lookAgain
            case (.accepted, false, _), (.lost, false, _): .proven(id)
            case (_, false, true): .doneEarlier(id)
            case (_, false, false): .settle(.changedSince)
            }
        #expect(try verdict(isThere: true, tried, moment) == expected)
    }

    @Test(arguments: Tried.allCases, moments)
    private func `a removed rule that does not stand is judged, unless it is on its way or has failed`(
        tried: Tried,
        moment: RuleMoment
    ) throws {
        let rule = Fixture.rule()
        let expected: RuleVerdict =
            switch (tried, moment.isEarly, moment.isOverdue) {
            case (_, true, _), (.accepted, false, false): .lookAgain
            case (.nothing, false, _), (.lost, false, _), (.unknown, false, false): .judgeRemoved
            case (.accepted, false, true), (.unknown, false, true): .fail(.notPutBack(rule))
            }
        #expect(try verdict(isThere: false, tried, moment) == expected)
    }
}
