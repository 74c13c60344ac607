import AWSClient
import Foundation
import Ledger
import SecurityGroups
import TestSupport
import Testing

@testable import Worker

/// A run survives what EC2 and its own past do to it.
@Suite struct RevertFailureTests {
    @Test func `one id that EC2 does not know blocks the call; the rest is revoked by the next`() async throws {
        let revert = try Revert(standing: [1, 2, 3])
        revert.aws.with { $0.takenMeanwhile = [Name.rule(2)] }
        let result = try await revert([1, 2, 3], age: 60)
        #expect(result.rules.map(\.outcome) == [.reverted, .alreadyGone, .reverted])
        #expect(result.outcome == .reverted)
        #expect(revert.aws.with { $0.revokes.map(\.count) } == [3, 2])
    }

    @Test func `a rule that is gone at the revoke is already-gone, not ours`() async throws {
        let revert = try Revert(standing: [1])
        revert.aws.with { $0.takenMeanwhile = [Name.rule(1)] }
        let result = try await revert([1], age: 60)
        #expect(result.outcome == .unchanged)
        #expect(result.rules.map(\.outcome) == [.alreadyGone])
        #expect(result.ownRequestIDs.isEmpty)
    }

    @Test func `a rule that is shown but not known to the revoke is tried again while EC2's parts may disagree`()
        async throws
    {
        let revert = try Revert(standing: [1])
        revert.aws.with {
            $0.refusals["RevokeSecurityGroupIngress"] = [
                .ec2Error("InvalidSecurityGroupRuleId.NotFound"), .ec2Error("InvalidSecurityGroupRuleId.NotFound"),
            ]
        }
        let result = try await revert([1], age: 60)
        #expect(result.outcome == .reverted)
        #expect(result.ownRequestIDs == ["req-1"])

        revert.aws.with {
            $0.refusals["RevokeSecurityGroupIngress"] = Array(
                repeating: .ec2Error("InvalidGroup.NotFound"),
                count: 100
            )
        }
        try revert.aws.stand([1])
        let hopeless = try await revert([1], age: 60)
        #expect(hopeless.outcome == .failed)
        #expect(hopeless.errorMessage?.contains("answers that it does not know it") == true)
    }

    @Test func `an answer lost after its effect: the retry meets NotFound, and the rule is reverted all the same`()
        async throws
    {
        let revert = try Revert(standing: [1, 2])
        revert.aws.with { $0.lost["RevokeSecurityGroupIngress"] = [.ec2Error("InternalError", status: 500)] }
        let result = try await revert([1, 2], age: 60)
        #expect(result.outcome == .reverted)
        #expect(result.rules.map(\.outcome) == [.reverted, .reverted])
        #expect(revert.aws.count(of: "RevokeSecurityGroupIngress") == 2)
    }

    @Test(arguments: [
        ("RevokeSecurityGroupIngress", "InternalError", 500),
        ("RevokeSecurityGroupIngress", "UnauthorizedOperation", 403),
        ("DescribeSecurityGroupRules", "ServiceUnavailable", 503),
    ]
    )
    func `trouble that outlasts the retries fails the run, with the error's code`(
        action: String,
        code: String,
        status: Int
    ) async throws {
        let revert = try Revert(standing: [1])
        revert.aws.with { $0.refusals[action] = Array(repeating: .ec2Error(code, status: status), count: 3) }
        let result = try await revert([1], age: 60)
        #expect(result.outcome == .failed)
        #expect(result.errorCode == code)
        #expect(result.errorMessage?.contains(code) == true)
        #expect(revert.aws.with { $0.rules.count } == 1)
    }

    @Test func `a revoke that EC2's quota refuses waits for it, however long, and is made`() async throws {
        let revert = try Revert(standing: [1])
        let refusal = HTTPResponse.ec2Error("RequestLimitExceeded", status: 503)
        revert.aws.with { $0.refusals["RevokeSecurityGroupIngress"] = Array(repeating: refusal, count: 5) }
        let result = try await revert([1], age: 60)
        #expect(result.outcome == .reverted)
        #expect(revert.aws.with { $0.rules.isEmpty })
    }

    @Test func `an answer lost after its effect is remembered, although EC2's quota refuses the retry`() async throws {
        let revert = try Revert(standing: [1, 2])
        revert.aws.with {
            $0.lost["RevokeSecurityGroupIngress"] = [
                .ec2Error("InternalError", status: 500), .ec2Error("RequestLimitExceeded", status: 503),
            ]
        }
        let result = try await revert([1, 2], age: 60)
        #expect(result.outcome == .reverted)
        #expect(result.rules.map(\.outcome) == [.reverted, .reverted])
        #expect(revert.aws.count(of: "RevokeSecurityGroupIngress") == 3)
    }

    @Test func `a rule that somebody takes away while EC2's quota refuses the revoke is not ours`() async throws {
        let revert = try Revert(standing: [1])
        revert.aws.with {
            $0.refusals["RevokeSecurityGroupIngress"] = [.ec2Error("RequestLimitExceeded", status: 503)]
            $0.takenMeanwhile = [Name.rule(1)]
        }
        #expect(try await revert([1], age: 60).outcome == .unchanged)
    }

    @Test func `trouble that passes within the retries is none`() async throws {
        let revert = try Revert(standing: [1])
        revert.aws.with {
            $0.refusals = [
                "DescribeSecurityGroupRules": [.ec2Error("InternalError", status: 500)],
                "RevokeSecurityGroupIngress": [.ec2Error("RequestLimitExceeded", status: 503)],
            ]
        }
        #expect(try await revert([1]).outcome == .reverted)
    }

    @Test func `a failed run keeps what it reverted`() async throws {
        let revert = try Revert(standing: [1, 2])
        revert.aws.with {
            $0.hiddenLooks[Name.rule(2)] = 1
        }
        let result = try await revert([1, 2]) { ids in
            guard ids.count == 1 else { return }
            revert.aws.with {
                $0.refusals["DescribeSecurityGroupRules"] = Array(
                    repeating: .ec2Error("InternalError", status: 500),
                    count: 3
                )
            }
        }
        #expect(result.outcome == .failed)
        #expect(result.rules.map(\.outcome) == [.reverted, .failed])
        #expect(result.rules.map { $0.undo != nil } == [true, false])
        #expect(result.ownRequestIDs == ["req-1"])
    }

    @Test(arguments: [true, false])
    func `what an earlier run reverted stays reverted, with the undo command it had`(hasRuleIDs: Bool) async throws {
        let earlier = RuleResult(
            ruleID: Name.rule(1),
            groupID: Name.group,
            direction: .ingress,
            ipProtocol: "tcp",
            fromPort: 21,
            toPort: 21,
            source: "0.0.0.0/0",
            decision: .revert,
            outcome: .reverted,
            undo: "the undo of the first run"
        )
        let revert = try Revert(standing: [2])
        let claim = Revert.claim(matched: [1, 2], alreadyReverted: [earlier])
        let result = try await revert([1, 2], age: 60, hasRuleIDs: hasRuleIDs, claim: claim)
        #expect(result.outcome == .reverted)
        #expect(result.rules.first == earlier)
        #expect(revert.time.slept.isEmpty)
    }

    @Test
    func `who takes over from a worker that died knows a missing rule as its doing, if it was about to be revoked`()
        async throws
    {
        let revert = try Revert()
        let died = Revert.claim(matched: [1], isTakeover: true)
        let result = try await revert([1, 2], age: 60, claim: died)
        #expect(result.rules.map(\.outcome) == [.reverted, .alreadyGone])
        #expect(result.rules.map { $0.undo != nil } == [true, false])

        let ended = Revert.claim(matched: [1], isTakeover: false)
        #expect(try await revert([1], age: 60, claim: ended).outcome == .unchanged)
    }

    @Test func `a missing rule of a foreign account is not gone, and the error says which credentials it takes`()
        async throws
    {
        let revert = try Revert()
        revert.aws.with { $0.account = "999988887777" }
        let result = try await revert([1], age: 60)
        #expect(result.outcome == .failed)
        #expect(result.rules.map(\.outcome) == [.failed])
        #expect(result.errorMessage?.contains("999988887777") == true)
        #expect(result.errorMessage?.contains("111122223333") == true)
    }

    @Test func `runs of many events at once share their calls`() async throws {
        let revert = try Revert(standing: Array(1...40))
        let gateway = SecurityGroupGateway(session: try revert.aws.session())
        let place = Place(account: nil, region: try #require(AWSRegion("eu-west-1")))
        let group = try #require(SecurityGroupID(Name.group))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for number in 1...40 {
                let rule = SeenRule(rule: try liveRule(number), at: .now)
                tasks.addTask {
                    let results = try await gateway.revoke([rule], of: group, .ingress, in: place)
                    #expect(results.count == 1)
                    guard case .revoked = results.first else { throw CancellationError() }
                }
            }
            try await tasks.waitForAll()
        }
        #expect(revert.aws.with { $0.rules.isEmpty })
        #expect(revert.aws.with { $0.revokes.count } < 40)
    }

    @Test func `looks into groups share their calls, and each gets the rules of its own group`() async throws {
        let opened = Promise<Void>()
        let aws = ScriptedAWS(time: VirtualTime(), before: { _ in try? await opened.value() })
        let rules = try [liveRule(1), liveRule(2, in: 2)]
        aws.with { world in for rule in rules { world.rules[rule.id.description] = rule } }
        let gateway = SecurityGroupGateway(session: try aws.session())
        let place = Place(account: nil, region: try #require(AWSRegion("eu-west-1")))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for number in 0..<300 {
                let rule = rules[number % 2]
                tasks.addTask {
                    let look = try await gateway.rules(of: rule.groupID, in: place)
                    #expect(look.rules == [rule])
                }
            }
            while gateway.groupLooks.waitingCount(for: place) < 299 { await Task.yield() }
            opened.settle()
            try await tasks.waitForAll()
        }
        #expect(aws.count(of: "DescribeSecurityGroupRules") == 2)
    }
}
