import Foundation
import TestSupport
import Testing

@testable import SecurityGroups

/// What a confirmed attempt makes of a rule, and how the rule stands afterwards.
@Suite struct RuleStateTests {
    private let decision = Decision(decision: .revert, reason: "r")
    private let approval = Approval(source: "allow office")

    private func proven(_ step: RevertStep, id: SecurityGroupRuleID? = nil) throws -> SettledRule {
        let attempt = RevertAttempt(step: step, decision: decision, since: .zero, answer: .accepted)
        return attempt.proven(id: id, in: try Fixture.group(2))
    }

    private func approved(ports: Int) throws -> ApprovedContent {
        let content = RuleContent(rule: Fixture.rule(.egress, port: ports), ruleDescription: "d", peerOwner: "1")
        return ApprovedContent(content: content, approval: approval)
    }

    @Test func `a rule that was revoked is gone`() throws {
        let live = try Fixture.live()
        let settled = try proven(.revoke(live))
        #expect(settled.outcome == .reverted)
        #expect(settled.decision == decision)
        #expect(settled.reversal == .revoked(live))
        #expect(settled.isGone)
        #expect(settled.standing == nil)
        #expect(settled.approval == nil)
    }

    @Test func `a rule that was restored stands under its id with the approved content`() throws {
        let live = try Fixture.live(1, Fixture.rule(port: 23))
        let settled = try proven(.restore(live, to: approved(ports: 22)))
        #expect(settled.outcome == .reverted)
        #expect(settled.reversal == .restored(live))
        #expect(!settled.isGone)
        #expect(settled.standing?.id == live.id)
        #expect(try settled.standing?.groupID == Fixture.group(2))
        #expect(try settled.standing?.content == approved(ports: 22).content)
        #expect(settled.approval == approval)
    }

    @Test func `a rule that was put back has its new id, if EC2 told it`() throws {
        let id = try Fixture.ruleID(2)
        let settled = try proven(.authorize(approved(ports: 22)), id: id)
        #expect(try settled.reversal == .putBack(id, .egress, Fixture.group(2)))
        #expect(settled.standing?.id == id)
        #expect(settled.standing?.ruleDescription == "d")
        #expect(settled.approval == approval)

        let untold = try proven(.authorize(approved(ports: 22)))
        #expect(untold.outcome == .reverted)
        #expect(untold.reversal == nil)
        #expect(untold.standing == nil)
    }

    @Test(arguments: [RuleOutcome.allowed, .exempt, .reported, .suppressed, .notRestored])
    func `a rule that nothing is done about stands as it was shown`(outcome: RuleOutcome) throws {
        let live = try Fixture.live()
        var settled = try proven(.nothing(outcome))
        #expect(settled.outcome == outcome)
        #expect(settled.reversal == nil)
        #expect(!settled.isGone)
        settled.live = live
        #expect(settled.standing == live)
    }

    @Test func `a rule that was gone already is gone without a call of ours`() {
        #expect(SettledRule(.alreadyGone).isGone)
        #expect(!SettledRule(.failed).isGone)
        #expect(!SettledRule(.changedSince).isGone)
    }
}
