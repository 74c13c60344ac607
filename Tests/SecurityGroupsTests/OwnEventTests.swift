import Foundation
import SecurityGroups
import TestSupport
import Testing

@Suite struct OwnEventTests {
    private func standing(_ id: Int = 1, ports: Int = 22, in group: Int? = nil) throws -> StandingRule {
        try Fixture.standing(id, Fixture.rule(port: ports), in: group)
    }

    @Test func `the id of an event names its rule`() throws {
        for id in [
            OwnEvent.sweepID(of: try standing(0xb), round: 0), OwnEvent.sweepID(of: try standing(0xb), round: 7),
            OwnEvent.exemptionEndID(of: try standing(0xb), until: .now, round: 1),
        ] {
            #expect(OwnEvent.isID(id))
            #expect(try OwnEvent.ruleID(in: id) == Fixture.ruleID(0xb))
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
            OwnEvent.sweepID(of: try standing(in: 2), round: 0),
            OwnEvent.exemptionEndID(of: rule, until: nil, round: 0),
            OwnEvent.exemptionEndID(of: rule, until: Date(timeIntervalSince1970: 1), round: 0),
            OwnEvent.exemptionEndID(of: rule, until: Date(timeIntervalSince1970: 2), round: 0),
        ]
        #expect(Set(ids).count == ids.count)
        // The second event about the same content says so at its end.
        #expect(ids[1] == ids[0] + "-2")
        ids = try [nil, "x"].map { description in
            try OwnEvent.sweepID(
                of: Fixture.standing(description: description, account: nil, region: "us-east-1", since: .now),
                round: 0
            )
        }
        #expect(Set(ids) == [OwnEvent.sweepID(of: rule, round: 0)])
    }

    @Test func `the text of the digest is no JSON, so that no record has the same`() throws {
        let detail = OwnEvent.detail(OwnEvent.sweep, of: try standing())
        #expect(detail == "Sweep sg-0a1b2c3d4e5f60718 sgr-00000000000000001 ingress tcp 22 from 0.0.0.0/0")
        #expect(throws: (any Error).self) {
            try JSONSerialization.jsonObject(with: Data(detail.utf8), options: .fragmentsAllowed)
        }
    }
}
