import AWSClient
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

    private func revoke(_ numbers: [Int], _ direction: Direction = .ingress) async throws -> [Revocation] {
        let call = RevokeCall(
            ec2: try aws.session().ec2(region: #require(AWSRegion("eu-west-1"))),
            group: RevokeGroup(id: try #require(SecurityGroupID(Name.group)), direction: direction),
            standing: { [aws] ids in
                aws.with { world in
                    world.calls.append("look")
                    return Set(
                        ids.filter { world.rules[$0.description] != nil || world.lingering[$0.description] != nil }
                    )
                }
            }
        )
        return try await call(ids(numbers))
    }

    private var calls: [String] { aws.with { $0.calls } }

    @Test func `rules that the answer names need no second look`() async throws {
        #expect(try await revoke([1, 2]) == [.revoked(requestID: "req-1"), .revoked(requestID: "req-1")])
        #expect(calls == ["RevokeSecurityGroupIngress"])
        #expect(aws.with { $0.rules.keys.sorted() } == [Name.rule(3)])
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

    @Test func `no rule is no call`() async throws {
        #expect(try await revoke([]).isEmpty && calls.isEmpty)
    }
}
