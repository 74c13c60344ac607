import SecurityGroups
import TestSupport
import Testing

@Suite struct StandingTests {
    private func added(_ id: Int?, ports: Int = 22) throws -> ChangedRule {
        ChangedRule(
            id: try id.map { try Fixture.ruleID($0).description },
            rule: Fixture.rule(port: ports),
            ruleDescription: nil
        )
    }

    @Test func `a rule stands where its id has the content that was added`() throws {
        let live = [try Fixture.live(1, Fixture.rule(port: 80)), try Fixture.live(2)]
        #expect(try Standing(of: added(2), in: Fixture.group(), among: live) == .stands(live[1]))
    }

    @Test func `a description is not content`() throws {
        let live = try Fixture.live(description: "approved, honestly")
        #expect(try Standing(of: added(1), in: Fixture.group(), among: [live]) == .stands(live))
    }

    @Test func `a rule that was modified is no longer what was added`() throws {
        let live = try Fixture.live(1, Fixture.rule(port: 443))
        #expect(try Standing(of: added(1), in: Fixture.group(), among: [live]) == .changed(live))
    }

    @Test func `an id in another group is not what was added`() throws {
        let live = try Fixture.live(in: 2)
        #expect(try Standing(of: added(1), in: Fixture.group(), among: [live]) == .elsewhere(live))
    }

    @Test func `the same content under a new id was added by somebody else`() throws {
        let live = [try Fixture.live(2)]
        #expect(try Standing(of: added(1), in: Fixture.group(), among: live) == .missing)
    }

    @Test(arguments: [1, nil] as [Int?])
    func `nothing there is missing`(id: Int?) throws {
        #expect(try Standing(of: added(id), in: Fixture.group(), among: []) == .missing)
    }

    @Test func `an id that cannot exist is missing`() throws {
        let forged = ChangedRule(id: "sgr-*", rule: Fixture.rule(), ruleDescription: nil)
        let live = [try Fixture.live()]
        #expect(try Standing(of: forged, in: Fixture.group(), among: live) == .missing)
    }

    @Test func `without an id the content decides, in the event's group`() throws {
        let other = try Fixture.live(in: 2)
        let different = try Fixture.live(2, Fixture.rule(port: 443))
        let same = try Fixture.live(3)
        #expect(try Standing(of: added(nil), in: Fixture.group(), among: [other, different, same]) == .stands(same))
        #expect(try Standing(of: added(nil), in: Fixture.group(), among: [other, different]) == .missing)
    }

    @Test func `without an id direction is content`() throws {
        let live = [try Fixture.live(1, Fixture.rule(.egress))]
        #expect(try Standing(of: added(nil), in: Fixture.group(), among: live) == .missing)
    }

    @Test func `a later run takes only the ids that the first one matched`() throws {
        let live = [try Fixture.live(2)]
        let group = try Fixture.group()
        #expect(
            try Standing(of: added(nil), in: group, among: live, matched: [Fixture.ruleID(2)]) == .stands(live[0])
        )
        #expect(try Standing(of: added(nil), in: group, among: live, matched: [Fixture.ruleID()]) == .missing)
        #expect(try Standing(of: added(nil), in: group, among: live, matched: []) == .missing)
    }

    @Test func `a modified rule stands with the content that the record tells, in either direction`() throws {
        let traffic = Fixture.rule().traffic
        let modified = ChangedRule(
            id: try Fixture.ruleID().description,
            direction: nil,
            traffic: traffic,
            ruleDescription: nil
        )
        for direction in Direction.allCases {
            let live = try Fixture.live(1, Fixture.rule(direction))
            #expect(try Standing(of: modified, in: Fixture.group(), among: [live]) == .stands(live))
            let other = try Fixture.live(1, Fixture.rule(direction, port: 443))
            #expect(try Standing(of: modified, in: Fixture.group(), among: [other]) == .changed(other))
        }
    }

    @Test func `a rule known by id alone stands with any content, in its direction`() throws {
        let named = ChangedRule(
            id: try Fixture.ruleID().description,
            direction: .ingress,
            traffic: nil,
            ruleDescription: nil
        )
        let (same, other) = (try Fixture.live(), try Fixture.live(1, Fixture.rule(.egress)))
        #expect(try Standing(of: named, in: Fixture.group(), among: [same]) == .stands(same))
        #expect(try Standing(of: named, in: Fixture.group(), among: [other]) == .changed(other))
    }

    @Test func `a rule of which nothing is known is missing`() throws {
        let unknown = ChangedRule(id: nil, direction: .ingress, traffic: nil, ruleDescription: nil)
        let live = [try Fixture.live()]
        #expect(try Standing(of: unknown, in: Fixture.group(), among: live) == .missing)
    }
}
