import Foundation
import SecurityGroups
import Testing

@Suite struct OwnEventTests {
    private func standing(_ id: Character = "1", ports: Int = 22, in group: Character = "a") throws -> StandingRule {
        StandingRule(
            id: try Fixture.ruleID(id),
            groupID: try Fixture.group(group),
            account: "111122223333",
            region: "eu-west-1",
            content: RuleContent(rule: try Fixture.rule(ports: ports)),
            since: .distantPast
        )
    }

    @Test func `the id of an event names its rule`() throws {
        for id in [
            OwnEvent.sweepID(of: try standing("b"), round: 0), OwnEvent.sweepID(of: try standing("b"), round: 7),
            OwnEvent.exemptionEndID(of: try standing("b"), until: .now, round: 1),
        ] {
            #expect(OwnEvent.isID(id))
            #expect(try OwnEvent.ruleID(in: id) == Fixture.ruleID("b"))
        }
    }

    @Test(arguments: [
        "e0000000-1111-2222-3333-444444444444", "", "sweep-", "sweep-sgr-11111111111111111", "sweep-sg-1-2",
        "exemption-end-sgr-1-abc", "Sweep-sgr-11111111111111111-0",
    ])
    func `the id of another event names no rule`(id: String) {
        #expect(OwnEvent.ruleID(in: id) == nil)
    }

    @Test func `no id of CloudTrail's is taken for one of ours`() {
        #expect(!OwnEvent.isID("e0000000-1111-2222-3333-444444444444"))
        #expect(!OwnEvent.isID("exemption"))
    }

    @Test func `each content, group, end and round has an id of its own, whatever the description says`() throws {
        let rule = try standing()
        var ids = [
            OwnEvent.sweepID(of: rule, round: 0), OwnEvent.sweepID(of: rule, round: 1),
            OwnEvent.sweepID(of: try standing(ports: 23), round: 0),
            OwnEvent.sweepID(of: try standing(in: "b"), round: 0),
            OwnEvent.exemptionEndID(of: rule, until: nil, round: 0),
            OwnEvent.exemptionEndID(of: rule, until: Date(timeIntervalSince1970: 1), round: 0),
            OwnEvent.exemptionEndID(of: rule, until: Date(timeIntervalSince1970: 2), round: 0),
        ]
        #expect(Set(ids).count == ids.count)
        // The second event about the same content says so at its end.
        #expect(ids[1] == ids[0] + "-2")
        ids = [nil, "x"].map { description in
            let content = RuleContent(rule: rule.content.rule, ruleDescription: description)
            return OwnEvent.sweepID(
                of: StandingRule(
                    id: rule.id,
                    groupID: rule.groupID,
                    account: nil,
                    region: "us-east-1",
                    content: content,
                    since: .now
                ),
                round: 0
            )
        }
        #expect(Set(ids) == [OwnEvent.sweepID(of: rule, round: 0)])
    }

    @Test func `the text of the digest is no JSON, so that no record has the same`() throws {
        let detail = OwnEvent.detail(OwnEvent.sweep, of: try standing())
        #expect(detail == "Sweep sg-aaaaaaaaaaaaaaaaa sgr-11111111111111111 ingress tcp 22 from 0.0.0.0/0")
        #expect(throws: (any Error).self) {
            try JSONSerialization.jsonObject(with: Data(detail.utf8), options: .fragmentsAllowed)
        }
    }
}
