import AWSClient
import Foundation
import Ledger
import SecurityGroups
import TestSupport
import Testing

@testable import Worker

/// A run reverts what the event added and what still stands.
@Suite struct RevertRunTests {
    @Test func `rules that stand are revoked in one call, with an undo command for each and the time they were open`()
        async throws
    {
        let revert = try Revert(standing: [1, 2, 9])
        let result = try await revert([1, 2], age: 3)
        #expect(result.outcome == .reverted)
        #expect(result.rules.map(\.outcome) == [.reverted, .reverted])
        #expect(result.rules.allSatisfy { $0.undo?.hasPrefix("aws ec2 authorize-security-group-ingress") == true })
        #expect(result.rules.map(\.description) == ["rule 1", "rule 2"])
        #expect(result.exposedMilliseconds == 3000)
        #expect(result.ownRequestIDs == ["req-1"])
        #expect(revert.aws.with { Array($0.rules.keys) } == [Name.rule(9)])
        #expect(revert.aws.count(of: "RevokeSecurityGroupIngress") == 1)
        #expect(revert.aws.count(of: "DescribeSecurityGroupRules") == 1)
    }

    @Test func `intents are told before the revoke, and one that cannot be kept stops the run`() async throws {
        let revert = try Revert(standing: [1, 2])
        let result = try await revert([1, 2]) { ids in
            #expect(ids.map(\.description) == [Name.rule(1), Name.rule(2)])
            #expect(revert.aws.count(of: "RevokeSecurityGroupIngress") == 0)
        }
        #expect(result.outcome == .reverted)

        let lost = try Revert(standing: [1])
        await #expect(throws: LedgerError.claimLost(eventID: "e", fence: 1)) {
            _ = try await lost([1]) { _ in throw LedgerError.claimLost(eventID: "e", fence: 1) }
        }
        #expect(lost.aws.count(of: "RevokeSecurityGroupIngress") == 0)
    }

    @Test func `a rule that EC2 shows in a form that nobody knows is no rule that is gone: it is revoked by its id`()
        async throws
    {
        let it = try Pipeline()
        let odd = SecurityGroupRule(
            direction: .ingress,
            ipProtocol: .tcp,
            fromPort: 21,
            toPort: 21,
            peer: .unknown("0.0.0.0/00")
        )
        let id = try #require(SecurityGroupRuleID(Name.rule(1)))
        let group = try #require(SecurityGroupID(Name.group))
        it.aws.with { $0.rules = [Name.rule(1): LiveRule(id: id, groupID: group, rule: odd, ruleDescription: nil)] }
        #expect(try await it.process(it.message(it.record.json)) == .delete)
        #expect(try it.test.event("outcome") == "reverted")
        #expect(try it.test.rules("source") == ["unknown: 0.0.0.0/00"])
        #expect(try it.test.rules("undo") == [nil], "no command can name it")
        #expect(it.aws.with { $0.rules.isEmpty })
    }

    @Test func `a dry run looks, reports, and changes nothing`() async throws {
        var revert = try Revert(standing: [1])
        revert.isDryRun = true
        let result = try await revert([1, 2], age: 60)
        #expect(result.outcome == .reported)
        #expect(result.isDryRun)
        #expect(result.rules.map(\.outcome) == [.reported, .alreadyGone])
        #expect(result.rules.allSatisfy { $0.undo == nil })
        #expect(revert.aws.with { $0.rules.count } == 1)
        #expect(revert.aws.with { $0.revokes }.isEmpty)
    }

    @Test func `a rule without an id is found by its content, in its group alone`() async throws {
        let revert = try Revert(standing: [1])
        let elsewhere = try liveRule(2, in: 2)
        revert.aws.with { $0.rules[elsewhere.id.description] = elsewhere }
        let result = try await revert([1, 2], age: 60, hasRuleIDs: false)
        #expect(result.rules.map(\.outcome) == [.reverted, .alreadyGone])
        #expect(result.rules.map(\.ruleID) == [Name.rule(1), nil])
        #expect(revert.aws.with { Array($0.rules.keys) } == [Name.rule(2)])
    }

    @Test func `a later run of a record without ids touches only what the first one matched`() async throws {
        let revert = try Revert()
        let readded = try Fixture.live(7, Fixture.rule(port: 21))
        revert.aws.with { $0.rules[Name.rule(7)] = readded }
        let result = try await revert([1], age: 60, hasRuleIDs: false, claim: Revert.claim(matched: [1]))
        #expect(result.outcome == .unchanged)
        #expect(revert.aws.with { $0.rules.count } == 1)
    }
}

/// EC2 is eventually consistent.
@Suite struct ConsistencyTests {
    @Test func `a rule that is not yet shown is looked for again, found and reverted`() async throws {
        let revert = try Revert(standing: [1])
        revert.aws.with { $0.hiddenLooks[Name.rule(1)] = 3 }
        let result = try await revert([1])
        #expect(result.outcome == .reverted)
        #expect(revert.aws.count(of: "DescribeSecurityGroupRules") == 4)
        #expect(revert.time.slept == [.milliseconds(500), .seconds(1), .seconds(2)])
    }

    @Test(arguments: [0.0, 14, 15, 3600])
    func `a rule that is missing after the settling time was gone before we came`(age: Double) async throws {
        let revert = try Revert()
        let result = try await revert([1], age: age)
        #expect(result.outcome == .unchanged)
        #expect(result.rules.map(\.outcome) == [.alreadyGone])
        let waited = revert.time.slept.reduce(Duration.zero, +)
        #expect(waited >= .seconds(max(15 - age, 0)) && waited <= .seconds(max(17 - age, 0)))
    }

    @Test
    func `a rule with other content is judged by what it says, once the record of its change had its time to come`()
        async throws
    {
        let revert = try Revert()
        let edited = try Fixture.live(1, Fixture.rule(port: 443))
        revert.aws.with { $0.rules[Name.rule(1)] = edited }
        let result = try await revert([1])
        #expect(result.outcome == .reverted)
        #expect(result.rules.map(\.fromPort) == [443])
        #expect(revert.time.slept.reduce(.zero, +) >= .seconds(15))
        #expect(revert.aws.with { $0.rules.isEmpty })
    }

    @Test func `rules that stand are revoked at once, before the missing one is looked for again`() async throws {
        let revert = try Revert(standing: [1, 2])
        revert.aws.with { $0.hiddenLooks[Name.rule(2)] = 1 }
        let result = try await revert([1, 2, 3])
        #expect(result.rules.map(\.outcome) == [.reverted, .reverted, .alreadyGone])
        #expect(result.outcome == .reverted)
        #expect(revert.aws.with { $0.revokes } == [[Name.rule(1)], [Name.rule(2)]])
        #expect(result.exposedMilliseconds == 500)
    }

    @Test
    func `a revoke that EC2 still hides from its answer and its looks is proven by a later look, and known as ours`()
        async throws
    {
        let revert = try Revert(standing: [1])
        revert.aws.with { $0.lingeringLooks = 3 }
        let result = try await revert([1])
        #expect(result.outcome == .reverted)
        #expect(result.ownRequestIDs == ["req-1"])
        #expect(result.rules.map { $0.undo != nil } == [true])
        #expect(revert.aws.with { $0.revokes.count } == 1)
    }

    @Test func `an answer that says true and removed nothing is no proof: the run fails and says so`() async throws {
        let revert = try Revert(standing: [1])
        revert.aws.with { $0.revokesNothing = true }
        let result = try await revert([1])
        #expect(result.outcome == .failed)
        #expect(result.errorMessage?.contains("still shows the rule") == true)
        #expect(revert.time.slept.reduce(.zero, +) >= .seconds(15))
        #expect(revert.aws.with { $0.revokes.count } == 1)
    }

    @Test func `an answer that does not name what was removed is proven by a second look`() async throws {
        let revert = try Revert(standing: [1])
        revert.aws.with { $0.isSilent = true }
        let result = try await revert([1])
        #expect(result.outcome == .reverted)
        #expect(revert.aws.count(of: "DescribeSecurityGroupRules") == 2)
    }
}
