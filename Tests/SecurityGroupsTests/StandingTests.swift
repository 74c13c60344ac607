import SecurityGroups
import Testing

@Suite struct StandingTests {
    private func added(_ id: Character?, ports: Int = 22) throws -> ChangedRule {
        ChangedRule(
            id: try id.map { try Fixture.ruleID($0).description },
            rule: try Fixture.rule(ports: ports),
            ruleDescription: nil
        )
    }

    @Test func `a rule stands where its id has the content that was added`() throws {
        let live = [try Fixture.live("1", Fixture.rule(ports: 80)), try Fixture.live("2", Fixture.rule())]
        #expect(try Standing(of: added("2"), in: Fixture.group(), among: live) == .stands(live[1]))
    }

    @Test func `a description is not content`() throws {
        let live = try Fixture.live("1", Fixture.rule(), description: "approved, honestly")
        #expect(try Standing(of: added("1"), in: Fixture.group(), among: [live]) == .stands(live))
    }

    @Test func `a rule that was modified is no longer what was added`() throws {
        let live = try Fixture.live("1", Fixture.rule(ports: 443))
        #expect(try Standing(of: added("1"), in: Fixture.group(), among: [live]) == .changed(live))
    }

    @Test func `an id in another group is not what was added`() throws {
        let live = try Fixture.live("1", Fixture.rule(), in: "b")
        #expect(try Standing(of: added("1"), in: Fixture.group(), among: [live]) == .elsewhere(live))
    }

    @Test func `the same content under a new id was added by somebody else`() throws {
        let live = [try Fixture.live("2", Fixture.rule())]
        #expect(try Standing(of: added("1"), in: Fixture.group(), among: live) == .missing)
    }

    @Test(arguments: [Character("1"), nil])
    func `nothing there is missing`(id: Character?) throws {
        #expect(try Standing(of: added(id), in: Fixture.group(), among: []) == .missing)
    }

    @Test func `an id that cannot exist is missing`() throws {
        let forged = ChangedRule(id: "sgr-*", rule: try Fixture.rule(), ruleDescription: nil)
        let live = [try Fixture.live("1", Fixture.rule())]
        #expect(try Standing(of: forged, in: Fixture.group(), among: live) == .missing)
    }

    @Test func `without an id the content decides, in the event's group`() throws {
        let other = try Fixture.live("1", Fixture.rule(), in: "b")
        let different = try Fixture.live("2", Fixture.rule(ports: 443))
        let same = try Fixture.live("3", Fixture.rule())
        #expect(try Standing(of: added(nil), in: Fixture.group(), among: [other, different, same]) == .stands(same))
        #expect(try Standing(of: added(nil), in: Fixture.group(), among: [other, different]) == .missing)
    }

    @Test func `without an id direction is content`() throws {
        let live = [try Fixture.live("1", Fixture.rule(.egress))]
        #expect(try Standing(of: added(nil), in: Fixture.group(), among: live) == .missing)
    }

    @Test func `a later run takes only the ids that the first one matched`() throws {
        let live = [try Fixture.live("2", Fixture.rule())]
        let group = try Fixture.group()
        #expect(
            try Standing(of: added(nil), in: group, among: live, matched: [Fixture.ruleID("2")]) == .stands(live[0])
        )
        #expect(try Standing(of: added(nil), in: group, among: live, matched: [Fixture.ruleID("1")]) == .missing)
        #expect(try Standing(of: added(nil), in: group, among: live, matched: []) == .missing)
    }

    @Test func `a modified rule stands with the content that the record tells, in either direction`() throws {
        let traffic = try Fixture.rule().traffic
        let modified = ChangedRule(
            id: try Fixture.ruleID("1").description,
            direction: nil,
            traffic: traffic,
            ruleDescription: nil
        )
        for direction in Direction.allCases {
            let live = try Fixture.live("1", Fixture.rule(direction))
            #expect(try Standing(of: modified, in: Fixture.group(), among: [live]) == .stands(live))
            let other = try Fixture.live("1", Fixture.rule(direction, ports: 443))
            #expect(try Standing(of: modified, in: Fixture.group(), among: [other]) == .changed(other))
        }
    }

    @Test func `a rule known by id alone stands with any content, in its direction`() throws {
        let named = ChangedRule(
            id: try Fixture.ruleID("1").description,
            direction: .ingress,
            traffic: nil,
            ruleDescription: nil
        )
        let (same, other) = (try Fixture.live("1", Fixture.rule()), try Fixture.live("1", Fixture.rule(.egress)))
        #expect(try Standing(of: named, in: Fixture.group(), among: [same]) == .stands(same))
        #expect(try Standing(of: named, in: Fixture.group(), among: [other]) == .changed(other))
    }

    @Test func `a rule of which nothing is known is missing`() throws {
        let unknown = ChangedRule(id: nil, direction: .ingress, traffic: nil, ruleDescription: nil)
        let live = [try Fixture.live("1", Fixture.rule())]
        #expect(try Standing(of: unknown, in: Fixture.group(), among: live) == .missing)
    }
}
