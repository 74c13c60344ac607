import Foundation
import SecurityGroups
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
        StandingRule(
            id: try Fixture.ruleID("1"),
            groupID: try Fixture.group(),
            account: nil,
            region: "eu-west-1",
            content: RuleContent(rule: try Fixture.rule()),
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

    @Test
    func `the id of an event of our own is the same for the same rule and content, and another for another content`()
        throws
    {
        let rule = try standing()
        let id = OwnEvent.sweepID(of: rule, round: 0)
        #expect(id == OwnEvent.sweepID(of: try standing(madeAt: 0), round: 0))
        #expect(id.hasPrefix("sweep-\(rule.id)-") && OwnEvent.isID(id))
        #expect(OwnEvent.sweepID(of: rule, round: 1) == id + "-2")
        let end = OwnEvent.exemptionEndID(of: rule, until: Date(timeIntervalSince1970: 1), round: 0)
        #expect(OwnEvent.isID(end))
        #expect(end != OwnEvent.exemptionEndID(of: rule, until: Date(timeIntervalSince1970: 2), round: 0))
        #expect(!OwnEvent.isID("e0000000-1111-2222-3333-444444444444"))
    }
}
