import AWSClient
import Foundation
import SecurityGroups
import TestSupport
import Testing

@testable import Worker

/// One revoke of several rules, by what EC2 answers and by what stands then.
@Suite struct RevokeCallTests {
    private let aws: ScriptedAWS

    init() throws {
        aws = ScriptedAWS(time: VirtualTime())
        try aws.stand([1, 2, 3])
    }

    private func ids(_ numbers: [Int]) throws -> [SecurityGroupRuleID] {
        try numbers.map { try #require(SecurityGroupRuleID(Name.rule($0))) }
    }

    /// The call; `trouble` is what its looks meet, and a person approved the rules at these times.
    private func call(
        _ direction: Direction = .ingress,
        trouble: (any Error)? = nil,
        approved: [SecurityGroupRuleID: Date] = [:]
    ) throws -> RevokeCall {
        RevokeCall(
            ec2: try aws.session().ec2(region: #require(AWSRegion("eu-west-1"))),
            group: RevokeGroup(id: try #require(SecurityGroupID(Name.group)), direction: direction),
            look: { [aws] ids in
                aws.with { $0.calls.append("look") }
                if let trouble { throw trouble }
                return aws.with { world in
                    ids.compactMap { world.rules[$0.description] ?? world.lingering[$0.description]?.rule }
                }
            },
            approvals: { _, _ in approved }
        )
    }

    private func revoke(_ numbers: [Int], _ direction: Direction = .ingress) async throws -> [Revocation] {
        try await call(direction)(ids(numbers))
    }

    /// Revokes the rules with these numbers as they were seen so long ago.
    private func revoke(
        _ numbers: [Int],
        seen age: Duration,
        mayBeDone: Bool = false,
        trouble: (any Error)? = nil,
        approved: [SecurityGroupRuleID: Date] = [:]
    ) async throws -> [Revocation] {
        let now = aws.time.instant
        let work = try numbers.map { number in
            RevokeCall.Desk.Entry(item: SeenRule(rule: try liveRule(number), at: now - age), mayBeDone: mayBeDone)
        }
        return try await call(trouble: trouble, approved: approved)(work, by: aws.time.clock)
    }

    private let throttled = AWSServiceError(
        service: "ec2",
        operation: "DescribeSecurityGroupRules",
        code: "RequestLimitExceeded",
        statusCode: 503
    )

    private var calls: [String] { aws.with { $0.calls } }

    @Test func `rules that the answer names need no second look`() async throws {
        #expect(try await revoke([1, 2]) == [.revoked(requestID: "req-1"), .revoked(requestID: "req-1")])
        #expect(calls == ["RevokeSecurityGroupIngress"])
        #expect(aws.with { $0.rules.keys.sorted() } == [Name.rule(3)])
    }

    @Test func `a rule that a person approved since it was seen is not revoked`() async throws {
        let seenAt = aws.time.now - 10
        let approved = zip(try ids([1, 2]), [seenAt - 1, seenAt + 1])
        let answers = try await revoke(
            [1, 2, 3],
            seen: .seconds(10),
            approved: Dictionary(uniqueKeysWithValues: approved)
        )
        #expect(answers.map(\.isOutdated) == [false, true, false])
        #expect(aws.with { Array($0.rules.keys) } == [Name.rule(2)])
    }

    @Test func `egress goes by its own action`() async throws {
        _ = try await revoke([1], .egress)
        #expect(calls == ["RevokeSecurityGroupEgress"])
    }

    @Test func `a rule that is asked for twice is sent once, and answered twice`() async throws {
        #expect(try await revoke([1, 2, 1]) == Array(repeating: .revoked(requestID: "req-1"), count: 3))
        #expect(aws.with { $0.revokes } == [[Name.rule(1), Name.rule(2)]])
    }

    @Test func `where the answer names nothing a look proves it`() async throws {
        aws.with { $0.isSilent = true }
        #expect(try await revoke([1]) == [.revoked(requestID: "req-1")])
        #expect(calls == ["RevokeSecurityGroupIngress", "look"])
    }

    @Test(arguments: [true, false])
    func `a rule that EC2 still shows after it said yes stands`(_ isStanding: Bool) async throws {
        aws.with { world in
            world.revokesNothing = isStanding
            world.lingeringLooks = isStanding ? 0 : 1
        }
        #expect(try await revoke([1, 2]) == [.stands(requestID: "req-1"), .stands(requestID: "req-1")])
        #expect(calls.count == 2, "who revoked waits and looks again, not the call")
    }

    @Test func `one rule that is gone takes nothing from the others`() async throws {
        aws.with { $0.rules[Name.rule(2)] = nil }
        let found = try await revoke([1, 2, 3])
        #expect(found == [.revoked(requestID: "req-2"), .notFound, .revoked(requestID: "req-2")])
        #expect(aws.with { $0.revokes.map(\.count) } == [3, 2] && aws.with { $0.rules.isEmpty })
    }

    @Test func `rules that others take away between two tries are found out one after the other`() async throws {
        aws.with { $0.takenMeanwhile = [Name.rule(1)] }
        #expect(try await revoke([1, 2]).first == .notFound)
        #expect(aws.with { $0.rules.keys.sorted() } == [Name.rule(3)])
    }

    @Test func `where nothing of it stands nothing more is sent`() async throws {
        aws.with { $0.rules = [:] }
        #expect(try await revoke([1, 2]) == [.notFound, .notFound])
        #expect(calls == ["RevokeSecurityGroupIngress", "look"])
    }

    @Test func `an id that EC2 does not know and yet shows ends the call, and is not sent for ever`() async throws {
        aws.with { $0.refusals["RevokeSecurityGroupIngress"] = [.ec2Error("InvalidSecurityGroupRuleId.NotFound")] }
        #expect(try await revoke([1, 2]) == [.notFound, .notFound])
        #expect(calls == ["RevokeSecurityGroupIngress", "look"])
        #expect(aws.with { $0.rules.count } == 3)
    }

    @Test func `a first try whose answer was lost has revoked what its second try does not find`() async throws {
        aws.with { $0.lost["RevokeSecurityGroupIngress"] = [.ec2Error("InternalError", status: 500)] }
        #expect(try await revoke([1, 2]) == [.revoked(requestID: "req-error"), .revoked(requestID: "req-error")])
        #expect(calls == ["RevokeSecurityGroupIngress", "RevokeSecurityGroupIngress", "look"])
    }

    @Test(arguments: ["UnauthorizedOperation", "InvalidParameterValue"])
    func `any other refusal is the caller's to judge, and nothing is looked at`(_ code: String) async throws {
        aws.with { $0.refusals["RevokeSecurityGroupIngress"] = [.ec2Error(code)] }
        let error = await #expect(throws: AWSServiceError.self) { try await revoke([1]) }
        #expect(error?.code == code && error?.requestID == "req-error")
        #expect(calls == ["RevokeSecurityGroupIngress"])
    }

    @Test func `a rule that was seen just now is not looked at again`() async throws {
        #expect(try await revoke([1, 2], seen: .seconds(4)).allSatisfy { !$0.isOutdated })
        #expect(calls == ["RevokeSecurityGroupIngress"])
    }

    @Test func `of rules that were seen long ago, those are revoked that are still the same`() async throws {
        let narrowed = try liveRule(2, port: 443)
        aws.with { world in
            world.rules[Name.rule(2)] = narrowed
            world.rules[Name.rule(3)] = nil
        }
        let found = try await revoke([2, 1, 3], seen: .seconds(5))
        #expect(found == [.outdated(mayBeDone: false), .revoked(requestID: "req-1"), .outdated(mayBeDone: false)])
        #expect(calls == ["look", "RevokeSecurityGroupIngress"])
        #expect(aws.with { Array($0.rules.keys) } == [Name.rule(2)])
    }

    @Test func `where the look that must come before fails, nothing is sent`() async throws {
        let found = try await revoke([1], seen: .seconds(60), mayBeDone: true, trouble: throttled)
        #expect(found == [.outdated(mayBeDone: true)] && calls == ["look"])
    }

    @Test func `a look that fails after EC2 said yes is left to whoever revoked, and nothing is sent again`()
        async throws
    {
        aws.with { $0.isSilent = true }
        #expect(
            try await call(trouble: throttled)(ids([1, 2])) == [
                .stands(requestID: "req-1"), .stands(requestID: "req-1"),
            ]
        )
        #expect(calls == ["RevokeSecurityGroupIngress", "look"])
    }

    @Test(arguments: [true, false])
    func `a look that fails after EC2 knew no such rule leaves it to whoever revoked`(isLost: Bool) async throws {
        aws.with { world in
            if isLost { world.lost["RevokeSecurityGroupIngress"] = [.ec2Error("InternalError", status: 500)] }
            if !isLost { world.rules = [:] }
        }
        #expect(try await call(trouble: throttled)(ids([1])) == [.outdated(mayBeDone: isLost)])
    }

    @Test(arguments: [true, false])
    func `what an earlier call may have revoked, whose response was lost, is known as revoked`(
        mayBeDone: Bool
    )
        async throws
    {
        aws.with { $0.rules = [:] }
        let found = try await revoke([1], seen: .zero, mayBeDone: mayBeDone)
        #expect(found == [mayBeDone ? .revoked(requestID: "req-error") : .notFound])
    }

    @Test func `no rule is no call`() async throws {
        #expect(try await revoke([]).isEmpty && calls.isEmpty)
    }
}
