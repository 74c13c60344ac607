import AWSClient
import Foundation
import Ledger
import SecurityGroups
import TestSupport
import Testing

@testable import Worker

/// An edit of a rule of the baseline: a forbidden one, or one without effect.
@Suite struct ForbiddenEditTests {
    private static let terraform = "arn:aws:iam::111122223333:role/terraform"

    private func keeper() async throws -> Keeper {
        let exemption = Exemption(name: "tf", principals: [Wildcard(Self.terraform)], origin: "exempt tf")
        let policy = Policy(watch: [Watch(groups: [Name.group], origin: "watch")], exempt: [exemption])
        let it = try Keeper(Pipeline(standing: [1], policy: policy))
        await it.keeper.round(isWanted: true)
        it.it.time.advance(.seconds(90))
        return it
    }

    private func edit(_ it: Keeper, port: Int) throws -> RecordText {
        it.it.time.advance(.seconds(2))
        let rule = try liveRule(1, port: port)
        it.it.aws.with { $0.rules[Name.rule(1)] = rule }
        return RecordText.modify(1, port: port, eventID: "to \(port)", time: it.it.time.now)
    }

    private func process(_ it: Keeper, _ record: RecordText) async throws -> Disposition {
        try await it.it.process(it.it.message(record.json, id: "message \(record.eventID)"))
    }

    private func ports(_ it: Keeper) -> [Int] { it.it.aws.with { $0.rules.values.map(\.rule.ports.from) } }

    @Test(
        arguments: [
            ("UnauthorizedOperation", 403), ("InvalidGroup.NotFound", 400), ("InvalidPrefixListID.NotFound", 400),
            ("RulesPerSecurityGroupLimitExceeded", 400), ("InvalidPermission.Duplicate", 400),
            ("InvalidParameterValue", 400), ("ACodeThatNobodyKnows", 400),
        ]
    )
    func `it is revoked where EC2 refuses to restore the rule`(_ code: String, _ status: Int) async throws {
        let it = try await keeper()
        let record = try edit(it, port: 99)
        let refusal = HTTPResponse.ec2Error(code, status: status)
        it.it.aws.with { $0.refusals["ModifySecurityGroupRules"] = Array(repeating: refusal, count: 9) }
        #expect(try await process(it, record) == .delete)
        #expect(try it.it.test.event("outcome", "to 99") == "reverted")
        #expect(ports(it) == [] && it.it.aws.count(of: "ModifySecurityGroupRules") == 1)
        let story = try LedgerReader(path: it.it.test.path).story(of: "to 99")
        let errors = story?.runs.flatMap(\.calls).compactMap { $0.cells[.error].text } ?? []
        #expect(errors.count == 1 && errors.first?.contains(code) == true, "the trail tells of the refusal")
    }

    @Test(
        arguments: [
            ("InternalError", 500), ("Unavailable", 503), ("InvalidSecurityGroupRuleId.NotFound", 400),
            ("RequestLimitExceeded", 503), ("AuthFailure", 401),
        ]
    )
    func `it is restored once EC2 can do so`(_ code: String, _ status: Int) async throws {
        let it = try await keeper()
        let record = try edit(it, port: 99)
        let refusal = HTTPResponse.ec2Error(code, status: status)
        it.it.aws.with { $0.refusals["ModifySecurityGroupRules"] = Array(repeating: refusal, count: 3) }
        for _ in 1...5 where ports(it) != [21] {
            _ = try await process(it, record)
            it.it.time.advance(.seconds(61))
        }
        #expect(ports(it) == [21] && it.it.aws.with { $0.revokes.isEmpty })
    }

    /// Terraform has narrowed the rule. Somebody changes it, and then to what it said before Terraform's change. Each record comes once
    /// the rule says something else.
    @Test func `it brings nothing back that an approved change has replaced`() async throws {
        let it = try await keeper()
        #expect(try await process(it, edit(it, port: 99).by(Self.terraform)) == .delete)
        await it.later()
        let (first, second) = (try edit(it, port: 98), try edit(it, port: 21))
        #expect(try await process(it, first) == .delete)
        it.it.time.advance(.seconds(30))
        #expect(try await process(it, second) == .delete)
        #expect(ports(it) == [99])
        #expect(try it.standing() == [[Name.rule(1), "event", "exempt tf"]])
    }

    /// The content is that of the baseline, or an exemption that holds has lent it.
    @Test(arguments: [(21, "baseline"), (99, "exempt ex-1")])
    func `the record of an edit that gives a rule its content back comes before that of the first edit`(
        _ port: Int,
        _ approval: String
    ) async throws {
        let it = try await keeper()
        try await it.lend()
        if port == 99 { #expect(try await process(it, edit(it, port: port).by(Keeper.exempted)) == .delete) }
        let mallory = "arn:aws:iam::111122223333:user/mallory"
        let first = try edit(it, port: 98).by(mallory)
        it.it.time.advance(.seconds(60))
        await it.keeper.round(isWanted: true)
        let second = try edit(it, port: port).by(mallory)
        // The event has an id of its own.
        var last = second
        last.eventID = "back"
        #expect(try await process(it, last) == .delete)
        #expect(try await process(it, first) == .delete)
        await it.later()
        #expect(ports(it) == [port] && it.it.aws.with { $0.revokes.isEmpty })
        #expect(try it.standing().map(\.last) == [approval])
    }

    @Test func `it does not end what an exemption that holds has lent`() async throws {
        let it = try await keeper()
        try await it.lend()
        #expect(try await process(it, edit(it, port: 99).by(Keeper.exempted)) == .delete)
        it.it.time.advance(.seconds(60))
        #expect(try await process(it, edit(it, port: 21).by("arn:aws:iam::111122223333:user/mallory")) == .delete)
        #expect(ports(it) == [99])
    }

    @Test func `it is restored to what a caller made who was exempt twice, after the end of the exemption that closes`()
        async throws
    {
        let it = try await keeper()
        let until = it.it.time.now + 600
        let migration = Exemption(
            name: "migration",
            principals: [Wildcard(Self.terraform)],
            until: until,
            then: .revert,
            origin: "exempt migration"
        )
        let policy = it.it.policies.current
        it.it.policies.replace(with: Policy(watch: policy.watch, exempt: [migration] + policy.exempt))
        #expect(try await process(it, edit(it, port: 99).by(Self.terraform)) == .delete)
        it.it.time.advance(.seconds(3600))
        await it.later()
        #expect(try await process(it, edit(it, port: 98)) == .delete)
        #expect(ports(it) == [99])
    }

    @Test func `it brings nothing back that an approved change has replaced, although its last record never comes`()
        async throws
    {
        let it = try await keeper()
        #expect(try await process(it, edit(it, port: 99).by(Self.terraform)) == .delete)
        let (first, _) = (try edit(it, port: 98), try edit(it, port: 21))
        #expect(try await process(it, first) == .delete)
        for _ in 1...2 { await it.later() }
        #expect(ports(it) == [99])
    }

    @Test(arguments: [(21, [Int]()), (99, [99])])
    func `under baseline: policy, an edit by an exempt caller is a reason to stand only if it had an effect`(
        port: Int,
        stand: [Int]
    ) async throws {
        let it = try await keeper()
        #expect(try await process(it, edit(it, port: port).by(Self.terraform)) == .delete)
        #expect(try it.it.test.event("outcome", "to \(port)") == "allowed")
        let watch = Watch(groups: [Name.group], baseline: .policy, origin: "watch")
        it.it.policies.replace(with: Policy(watch: [watch], exempt: it.it.policies.current.exempt))
        await it.later()
        #expect(ports(it) == stand)
    }
}
