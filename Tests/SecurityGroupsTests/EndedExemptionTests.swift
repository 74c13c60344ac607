import Foundation
import SecurityGroups
import TestSupport
import Testing

/// An exemption that ends takes with it what was made under it.
@Suite struct EndedExemptionTests {
    private static let now = Date(timeIntervalSince1970: 1_764_063_000)
    private static let caller = "arn:aws:iam::111122223333:role/oncall"

    private func exemption(
        from: Double? = nil,
        until: Double?,
        then: Exemption.End = .revert,
        remind: Duration? = nil,
        name: String = "incident"
    ) -> Exemption {
        Exemption(
            name: name,
            principals: [Wildcard(Self.caller)],
            from: from.map { Self.now + $0 },
            until: until.map { Self.now + $0 },
            then: then,
            remind: remind,
            origin: name
        )
    }

    private func standing(_ source: String = "exempt incident", madeAt: Double = -3600) throws -> StandingRule {
        try Fixture.standing(
            account: nil,
            since: Self.now + madeAt,
            approval: Approval(
                source: source,
                caller: Caller(issuerARN: Self.caller),
                eventTime: Self.now + madeAt
            )
        )
    }

    private func ended(_ exemptions: [Exemption], _ rule: StandingRule) -> String? {
        Policy(watch: [], exempt: exemptions).endedExemption(of: rule, at: Self.now)?.name
    }

    @Test func `it takes a rule once it is over, and only with then: revert`() throws {
        let rule = try standing()
        #expect(ended([exemption(until: -1)], rule) == "incident")
        #expect(ended([exemption(until: 0)], rule) == "incident")
        #expect(ended([exemption(until: 1)], rule) == nil)
        #expect(ended([exemption(until: -1, then: .leave)], rule) == nil)
        #expect(ended([], rule) == nil)
    }

    @Test func `it leaves a rule that another exemption covers, that came before it, or that something else approved`()
        throws
    {
        let rule = try standing()
        #expect(ended([exemption(until: -1), exemption(until: nil, name: "always")], rule) == nil)
        #expect(ended([exemption(from: -60, until: -1)], rule) == nil)
        #expect(ended([exemption(until: -1)], try standing("approved mia")) == nil)
    }

    /// A rule that another caller, or the caller in another group, made under an exemption with the same name.
    private func made(by caller: String?, in group: Int? = nil, under source: String) throws -> StandingRule {
        try Fixture.standing(
            in: group,
            account: nil,
            since: Self.now - 3600,
            approval: Approval(source: source, caller: Caller(issuerARN: caller), eventTime: Self.now - 3600)
        )
    }

    @Test(arguments: ["incident", nil])
    func `one that got the name or the line of another takes nothing of the callers and groups of the other`(
        name: String?
    ) throws {
        let entry = try Exemption(
            name: name,
            principals: [Wildcard(Self.caller)],
            groups: [Fixture.group(2).description],
            until: Self.now - 1,
            then: .revert,
            origin: "policy.yaml:12 exempt"
        )
        let source = "exempt \(name ?? "policy.yaml:12")"
        let terraform = "arn:aws:iam::111122223333:role/terraform"
        let policy = Policy(watch: [], exempt: [entry])
        #expect(try policy.endedExemption(of: made(by: terraform, in: 2, under: source), at: Self.now) == nil)
        #expect(try policy.endedExemption(of: made(by: Self.caller, in: 1, under: source), at: Self.now) == nil)
        #expect(try policy.endedExemption(of: made(by: Self.caller, in: 2, under: source), at: Self.now) == entry)
        // Where nobody knows the caller, the name decides.
        #expect(try policy.endedExemption(of: made(by: nil, in: 2, under: source), at: Self.now) == entry)
    }

    @Test func `one whose end somebody set to a time before the call takes what it let in`() throws {
        let rule = try standing(madeAt: -60)
        #expect(ended([exemption(until: -120)], rule) == "incident")
        #expect(ended([exemption(until: -120, name: "another")], rule) == nil)
    }

    @Test func `the exemption that ended last is the reason`() throws {
        let both = [exemption(until: -1, name: "later"), exemption(until: -600, name: "earlier")]
        #expect(ended(both, try standing()) == "later")
    }

    @Test func `people are reminded from so long before the end, and not after it`() {
        let exemption = exemption(until: 0, remind: .seconds(900))
        #expect(!exemption.isToRemind(at: Self.now - 901))
        #expect(exemption.isToRemind(at: Self.now - 900))
        #expect(exemption.isToRemind(at: Self.now - 1))
        #expect(!exemption.isToRemind(at: Self.now))
        #expect(!self.exemption(until: 0).isToRemind(at: Self.now - 1))
    }

    @Test func `it does not cover what was done before it began`() {
        let context = { (time: Date) in
            ChangeContext(
                group: GroupFacts(groupID: nil, account: nil, region: nil),
                kind: .ingressAdded,
                issuerARN: Self.caller,
                eventTime: time
            )
        }
        let exemption = exemption(from: 0, until: 60)
        #expect(!exemption.covers(context(Self.now - 1)))
        #expect(exemption.covers(context(Self.now)))
        #expect(!exemption.covers(context(Self.now + 60)))
    }

    @Test func `people are told of an end for a day`() {
        let exemption = exemption(until: 0)
        #expect(!exemption.hasJustEnded(at: Self.now - 1))
        #expect(exemption.hasJustEnded(at: Self.now))
        #expect(exemption.hasJustEnded(at: Self.now + 86_399))
        #expect(!exemption.hasJustEnded(at: Self.now + 86_400))
        #expect(!self.exemption(until: nil).hasJustEnded(at: Self.now))
    }

    @Test func `one that is not in the file counts as well, behind those of the file`() throws {
        let policy = Policy(watch: [], exempt: [exemption(until: nil, name: "file")])
        #expect(policy.adding([exemption(until: 0)]).exempt.map(\.name) == ["file", "incident"])
        #expect(policy.adding([]) == policy)
        // A rule that it let in is closed at its end, as by one of the file.
        let rule = try standing()
        #expect(Policy(watch: []).endedExemption(of: rule, at: Self.now) == nil)
        let lent = Policy(watch: []).adding([exemption(until: 0)])
        #expect(lent.endedExemption(of: rule, at: Self.now)?.name == "incident")
    }
}
