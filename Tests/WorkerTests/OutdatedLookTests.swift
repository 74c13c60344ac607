import AWSClient
import Foundation
import Ledger
import SecurityGroups
import Synchronization
import TestSupport
import Testing

@testable import Worker

/// A change is based on a look, and a look that is too old is no base for one.
@Suite struct OutdatedLookTests {
    private let place: Place
    private let group: SecurityGroupID

    init() throws {
        place = Place(account: nil, region: try #require(AWSRegion("eu-west-1")))
        group = try #require(SecurityGroupID(Name.group))
    }

    /// A run that allows port 443, and whose rule stands open on another.
    private func revert() throws -> Revert {
        var revert = try Revert(standing: [1])
        revert.policy = .watching(.ingressAdded, allow: [try .port(443)])
        return revert
    }

    @Test(arguments: [true, false])
    func `a rule is looked at again after an outage, and revoked only if it is still forbidden`(
        isNarrowed: Bool
    )
        async throws
    {
        var revert = try revert()
        let door = Door()
        let lanes = revert.makeLanes(behind: door)
        revert.lanes = lanes
        let trouble = HTTPResponse.ec2Error("InternalError", status: 500)
        revert.aws.with { $0.refusals["RevokeSecurityGroupIngress"] = Array(repeating: trouble, count: 3) }
        let subject = revert
        let result = try await running(lanes) {
            async let result = subject([1], age: 60)
            while lanes.board.lanes.isEmpty { await Task.yield() }
            if isNarrowed { try subject.narrow() }
            subject.time.advance(.seconds(2400))
            door.open()
            return try await result
        }
        #expect(result.outcome == (isNarrowed ? .allowed : .reverted))
        #expect(subject.aws.with { $0.revokes.count } == (isNarrowed ? 0 : 1))
        #expect(subject.aws.count(of: "DescribeSecurityGroupRules") == 2)
        let failed = result.calls.filter { $0.error != nil }
        #expect(failed.map(\.action) == ["RevokeSecurityGroupIngress"], "the call that failed is told of")
    }

    @Test func `a rule that its owner removed while the credentials were refused is no doing of the run`() async throws
    {
        var revert = try revert()
        let door = Door()
        let lanes = revert.makeLanes(behind: door)
        revert.lanes = lanes
        revert.aws.with { $0.refusals["RevokeSecurityGroupIngress"] = [.ec2Error("AuthFailure", status: 401)] }
        let subject = revert
        let result = try await running(lanes) {
            async let result = subject([1], age: 60)
            while lanes.board.lanes.isEmpty { await Task.yield() }
            subject.aws.with { $0.rules = [:] }
            subject.time.advance(.seconds(2400))
            door.open()
            return try await result
        }
        #expect(result.outcome == .unchanged)
        #expect(result.calls.compactMap(\.error).count == 1, "the call that failed is told of")
    }

    @Test func `a rule that is narrowed while EC2's quota refuses its revoke is not revoked`() async throws {
        let subject = try revert()
        let refusal = HTTPResponse.ec2Error("RequestLimitExceeded", status: 503)
        subject.aws.with { $0.refusals["RevokeSecurityGroupIngress"] = Array(repeating: refusal, count: 3000) }
        async let run = subject([1], age: 60)
        while subject.aws.count(of: "RevokeSecurityGroupIngress") < 3 { await Task.yield() }
        try subject.narrow()
        subject.time.advance(.seconds(10))
        let result = try await run
        #expect(result.outcome == .allowed)
        #expect(subject.aws.with { $0.revokes.isEmpty && $0.rules.count == 1 })
    }

    /// The rule is known to the ledger before the event comes, or only once the revoke waits.
    @Test(arguments: [true, false])
    func `a rule that a person approves while its revoke waits for EC2's quota stays`(isKnown: Bool) async throws {
        let (sent, approved) = (Door(), Door())
        let aws = ScriptedAWS(time: VirtualTime()) { action in
            guard action == "RevokeSecurityGroupIngress" else { return }
            sent.open()
            await approved.pass()
        }
        let it = try Keeper(Pipeline(standing: [1], time: aws.time, aws: aws))
        if isKnown { await it.keeper.round(isWanted: true) }
        let refusal = HTTPResponse.ec2Error("RequestLimitExceeded", status: 503)
        aws.with { $0.refusals["RevokeSecurityGroupIngress"] = [refusal] }
        async let run = it.it.process(it.it.message(it.it.record.json))
        await sent.pass()
        if !isKnown { await it.keeper.round(isWanted: true) }
        _ = try await it.it.writer.write { try $0.approve(.rule(Name.rule(1)), by: "mia", reason: nil) }
        aws.time.advance(.seconds(10))
        approved.open()
        #expect(try await run == .delete)
        #expect(try it.it.test.rules("outcome") == ["changed-since"])
        #expect(aws.with { $0.rules.count == 1 && $0.revokes.isEmpty })
    }

    @Test func `a call that was not made is not among the calls of the run`() async throws {
        let revert = try revert()
        let result = try await revert([1], age: 60) { _ in
            // The ledger takes its time.
            guard revert.aws.count(of: "DescribeSecurityGroupRules") == 1 else { return }
            revert.time.advance(.seconds(6))
        }
        #expect(result.outcome == .reverted)
        let looks = Array(repeating: "DescribeSecurityGroupRules", count: 2)
        #expect(result.calls.map(\.action) == looks + ["RevokeSecurityGroupIngress"])
    }

    @Test func `with an empty bucket every group is closed, and a late one is looked at first`() async throws {
        let aws = ScriptedAWS(time: VirtualTime())
        let gateway = SecurityGroupGateway(session: try aws.session(), clock: aws.time.clock)
        let rules = try (1...60).map { try liveRule($0, in: $0) }
        aws.with { world in for rule in rules { world.rules[rule.id.description] = rule } }
        let key = CallQuota.Key(place: place, action: "RevokeSecurityGroupIngress")
        gateway.quota.with(key) { bucket, now in bucket.refused(now: now) }
        let seen = aws.time.instant
        try await withThrowingTaskGroup(of: [Revocation].self) { [place] tasks in
            for rule in rules {
                tasks.addTask {
                    let work = [SeenRule(rule: rule, at: seen)]
                    return try await gateway.revoke(work, of: rule.groupID, .ingress, in: place)
                }
            }
            for try await answers in tasks { #expect(answers.allSatisfy { !$0.isOutdated }) }
        }
        #expect(aws.with { $0.rules.isEmpty })
        #expect(aws.count(of: "RevokeSecurityGroupIngress") == 60)
        #expect((1...60).contains(aws.count(of: "DescribeSecurityGroupRules")))
    }

    @Test func `a rule is neither added nor restored by an old look, and the token goes to another call`() async throws
    {
        let aws = ScriptedAWS(time: VirtualTime())
        try aws.stand([1])
        let gateway = SecurityGroupGateway(session: try aws.session(), clock: aws.time.clock)
        let content = RuleContent(rule: Fixture.rule(port: 443))
        let id = try Fixture.ruleID(1)
        #expect(try await gateway.authorize(content, in: group, place) { true } == .outdated)
        #expect(try await gateway.restore(id, to: content, in: group, place) { true } == .outdated)
        #expect(aws.with { $0.calls.isEmpty })
        for action in ["AuthorizeSecurityGroupIngress", "ModifySecurityGroupRules"] {
            let tokens = gateway.quota.with(CallQuota.Key(place: place, action: action)) { bucket, _ in bucket.tokens }
            #expect(tokens == TokenBucket.Size.changes.capacity)
        }
    }
}
