import SecurityGroups
import TestSupport
import Testing

@Suite struct SecurityGroupChangeTests {
    @Test(
        arguments: [
            (ChangeKind.ingressAdded, Direction.ingress, false), (.egressAdded, .egress, false),
            (.ruleModified, nil, false),
            (.ingressRemoved, .ingress, true), (.egressRemoved, .egress, true),
        ] as [(ChangeKind, Direction?, Bool)]
    )
    func `a kind of change tells its direction, but a modification does not`(
        kind: ChangeKind,
        direction: Direction?,
        isRemoval: Bool
    ) {
        #expect(kind.direction == direction)
        #expect(kind.isRemoval == isRemoval)
    }

    @Test func `a policy without a list watches what opens the ingress, also by a modification`() {
        #expect(ChangeKind.watchedByDefault == [.ingressAdded, .ruleModified])
    }

    @Test func `a rule agrees with everything that its record leaves open`() throws {
        let rule = Fixture.rule(.ingress, port: 22)
        let (other, outbound) = (Fixture.rule(.ingress, port: 23), Fixture.rule(.egress, port: 22))
        func agreeing(_ direction: Direction?, _ traffic: RuleTraffic?) -> [SecurityGroupRule] {
            let changed = ChangedRule(id: nil, direction: direction, traffic: traffic, ruleDescription: nil)
            return [rule, other, outbound].filter { changed.agrees(with: $0) }
        }
        #expect(agreeing(.ingress, rule.traffic) == [rule])
        #expect(agreeing(nil, rule.traffic) == [rule, outbound])
        #expect(agreeing(.ingress, nil) == [rule, other])
        #expect(agreeing(nil, nil) == [rule, other, outbound])
    }

    @Test func `a rule has its whole content only where the record tells direction and traffic`() throws {
        let rule = Fixture.rule()
        #expect(ChangedRule(id: "x", rule: rule, ruleDescription: "d").rule == rule)
        #expect(ChangedRule(id: "x", direction: nil, traffic: rule.traffic, ruleDescription: nil).rule == nil)
        #expect(ChangedRule(id: "x", direction: .ingress, traffic: nil, ruleDescription: nil).rule == nil)
    }

    @Test func `a record that could not be read in part may have more rules, unless it says that it has not`() {
        func mayHaveMore(_ unread: String?, _ given: Bool? = nil) -> Bool {
            SecurityGroupChange(kind: .ruleModified, groupID: nil, rules: [], unread: unread, mayHaveMoreRules: given)
                .mayHaveMoreRules
        }
        #expect(!mayHaveMore(nil))
        #expect(mayHaveMore("rule 3"))
        #expect(!mayHaveMore("rule 3", false))
    }
}
