import Foundation
import SecurityGroups
import TestSupport
import Testing

@testable import Ledger

/// What a look at a group changes in the ledger's memory of its rules.
@Suite struct LookTests {
    private let test: TestLedger

    init() throws { test = try TestLedger() }

    private func live(
        _ digit: Int = 1,
        _ peer: String = "0.0.0.0/0",
        port: Int = 22,
        description: String? = "d",
        owner: String? = nil,
        peerOwner: String? = nil
    ) throws -> LiveRule {
        try Fixture.live(
            digit,
            Fixture.rule(port: port, from: Peer(peer)),
            description: description,
            owner: owner,
            peerOwner: peerOwner
        )
    }

    private static func policy(allow: [Allow] = [], baseline: Watch.Baseline = .firstSight) -> Policy {
        Policy(watch: [Watch(baseline: baseline, origin: "watch")], allow: allow)
    }

    private static let office = Allow(
        name: "office",
        sources: CIDRBlock("0.0.0.0/0").map { [.cidr($0)] } ?? [],
        origin: "allow"
    )

    @discardableResult
    private func look(
        _ rules: [LiveRule],
        _ policy: Policy = policy(),
        group: String = Fixture.groupName,
        place: String = "111122223333 eu-west-1",
        unread: Set<String> = [],
        readAt: Date? = nil
    ) async throws -> SnapshotDiff {
        let readAt = readAt ?? test.now
        return try await test.ledger.write {
            try $0.look(rules, policy, group: group, place: place, unread: unread, readAt: readAt)
        }
    }

    /// A column of the view, for each standing rule.
    private func standing(_ column: StandingColumn) throws -> [String?] {
        try LedgerReader(path: test.path).standingRules().map { row in
            row[column].text ?? row[column].integer.map(String.init)
        }
    }

    private func run(_ rule: LiveRule, stands: Bool, approval: Approval? = nil) async throws {
        var result = RunResult(outcome: .allowed)
        result.sightings = [rule.seen(stands: stands, approval: approval)]
        try await test.ledger.finish("run-\(UUID())", result)
    }

    @Test func `every column of the view shows what EC2 showed`() async throws {
        try await look([live(1, "sg-0fedcba9876543210", port: 443, owner: "999988887777", peerOwner: "444455556666")])
        let row = try #require(try LedgerReader(path: test.path).standingRules().first)
        let time = try #require(try test.value("SELECT looked_at FROM group_snapshots"))
        let expected: [StandingColumn: AuditValue] = [
            .account: .text("999988887777"), .region: .text("eu-west-1"), .groupID: .text(Fixture.groupName),
            .ruleID: .text("sgr-00000000000000001"), .direction: .text("ingress"), .ipProtocol: .text("tcp"),
            .fromPort: .integer(443), .toPort: .integer(443), .source: .text("sg-0fedcba9876543210"),
            .description: .text("d"), .firstSeen: .text(time), .lastSeen: .text(time), .knownBy: .text("baseline"),
            .approvedBy: .text("baseline"),
        ]
        for column in StandingColumn.allCases { #expect(row[column] == expected[column], "\(column)") }
        #expect(try test.value("SELECT peer_owner FROM sightings") == "444455556666")
    }

    @Test func `a look keeps where, how and when the group was read last`() async throws {
        try await look([], place: "a")
        test.advance(60)
        let report = Policy(watch: [Watch(action: .report, origin: "watch")])
        try await look([], report, place: "b")
        #expect(try test.value("SELECT place || ' ' || action FROM group_snapshots") == "b report")
        #expect(try test.value("SELECT count(*) FROM group_snapshots") == "1")
    }

    @Test func `where the first sight proves nothing, what stands then needs a reason as any other rule`() async throws
    {
        try await look([live(1), live(2, port: 443)], Self.policy(baseline: .policy))
        #expect(try standing(.knownBy) == ["baseline", "baseline"] && standing(.approvedBy) == [nil, nil])
        // The entry trusts the first sight by now, so what stood then may stand.
        try await look([live(1), live(2, port: 443)])
        #expect(try standing(.approvedBy) == ["baseline", "baseline"])
        try await look([live(1), live(2, port: 443)], Self.policy(baseline: .policy))
        #expect(try standing(.approvedBy) == [nil, nil])
    }

    @Test func `an allow entry that comes lets a rule stand, and one that goes takes its reason away`() async throws {
        try await look([])
        try await look([live()])
        #expect(try standing(.approvedBy) == [nil])
        try await look([live()], Self.policy(allow: [Self.office]))
        #expect(try standing(.approvedBy) == ["allow office"])
        try await look([live()])
        #expect(try standing(.approvedBy) == [nil])
    }

    /// Reasons that a look without any allow entry meets, and what is left of them.
    @Test(
        arguments: [
            ("exempt terraform", "exempt terraform"), ("approved mia@desk", "approved mia@desk"), ("allow gone", nil),
            ("baseline", nil), ("", nil),
        ] as [(String, String?)]
    )
    func `the word of a person and an exemption stay, whatever the policy says today`(
        _ source: String,
        _ left: String?
    )
        async throws
    {
        try await run(live(), stands: true, approval: Approval(source: source))
        test.advance(60)
        try await look([live()], Self.policy(baseline: .policy))
        #expect(try standing(.approvedBy) == [left])
    }

    @Test func `a description or an owner of the other end that changed is kept, and the rule's reason stays`()
        async throws
    {
        try await look([live(1, "sg-0fedcba9876543210", description: "old", peerOwner: "1")])
        let long = String(repeating: "x", count: 5000)
        let diff = try await look([live(1, "sg-0fedcba9876543210", description: long, peerOwner: "2")])
        #expect(diff.updated.count == 1 && diff.appeared.isEmpty && diff.vanished.isEmpty)
        #expect(try test.value("SELECT length(description) || ' ' || peer_owner FROM sightings") == "4096 2")
        #expect(try standing(.approvedBy) == ["baseline"])
        try await look([live(1, "sg-0fedcba9876543210", description: nil)])
        #expect(try standing(.description) == [nil])
    }

    @Test func `a rule that says something else by now stands without a reason, and its old content is gone`()
        async throws
    {
        try await look([live(port: 22)])
        test.advance(60)
        let diff = try await look([live(port: 23)])
        #expect(diff.appeared.map(\.knownBy) == [.sweep])
        #expect(try standing(.fromPort) == ["23"] && standing(.approvedBy) == [nil] && standing(.knownBy) == ["sweep"])
        #expect(try test.value("SELECT from_port FROM sightings WHERE gone_at IS NOT NULL") == "22")
        let rule = try #require(try await test.ledger.write { try $0.unexplainedRules() }.first)
        #expect(rule.isEdit, "what it said before was approved")
    }

    @Test func `a rule that says again what an approved edit had replaced is judged again, as an edit`() async throws {
        let ports = [PortRange(from: 23, to: 23)]
        let narrow = Allow(name: "narrow", ports: ports, sources: Self.office.sources, origin: "allow")
        let policy = Self.policy(allow: [narrow])
        try await look([live(port: 22)], policy)
        test.advance(60)
        try await look([live(port: 23)], policy)
        #expect(try standing(.approvedBy) == ["allow narrow"])
        test.advance(60)
        for _ in 0..<2 {
            try await look([live(port: 22)], policy)
            #expect(try standing(.fromPort) == ["22"] && standing(.approvedBy) == [nil])
            test.advance(60)
        }
        let rule = try #require(try await test.ledger.write { try $0.unexplainedRules() }.first)
        #expect(rule.isEdit)
    }

    @Test func `a rule that comes back to what was approved has its reason again, and stands since it came back`()
        async throws
    {
        let baseline = Self.policy()
        try await look([live(port: 22)], baseline)
        test.advance(60)
        try await look([live(port: 23)], baseline)
        test.advance(60)
        try await look([live(port: 22)], baseline)
        #expect(try standing(.fromPort) == ["22"] && standing(.approvedBy) == ["baseline"])
        #expect(try test.value("SELECT stood_from > first_seen FROM sightings WHERE gone_at IS NULL") == "1")
    }

    @Test func `a rule of a prefix list that nobody may read stays as it is known`() async throws {
        let list = "pl-0123456789abcdef0"
        let rule = try live(1, list)
        try await run(rule, stands: true, approval: Approval(source: "allow lists"))
        test.advance(60)
        #expect(try await look([rule], unread: [list]).isEmpty)
        #expect(try standing(.approvedBy) == ["allow lists"])
        #expect(try await look([rule], unread: ["pl-other"]).updated.count == 1)
        #expect(try standing(.approvedBy) == [nil])
    }

    /// Seconds from a run that saw the rule go to the look, and whether the look is believed that it stands.
    @Test(arguments: [(0.0, false), (15, false), (15.001, true), (3600, true), (-60, false)] as [(Double, Bool)])
    func `a look does not contradict a run of a moment ago`(_ seconds: Double, _ isBelieved: Bool) async throws {
        try await look([live()])
        test.advance(60)
        try await run(live(), stands: false)
        let readAt = test.now.addingTimeInterval(seconds)
        test.advance(max(0, seconds))
        try await look([live()], readAt: readAt)
        #expect(try standing(.ruleID).count == (isBelieved ? 1 : 0))
    }

    @Test func `a look that does not show yet what a run has just seen takes nothing away`() async throws {
        try await look([])
        test.advance(60)
        try await run(live(), stands: true, approval: Approval(source: "exempt terraform"))
        #expect(try await look([]).isEmpty)
        #expect(try standing(.ruleID).count == 1)
        test.advance(16)
        #expect(try await look([]).vanished.count == 1)
        #expect(try standing(.ruleID).isEmpty)
    }

    // MARK: Groups that are gone

    @Test func `a group that is gone takes its rules with it, and only those of the place that was asked`() async throws
    {
        let other = "sg-0fedcba9876543210"
        try await look([live(1)], place: "a")
        try await look([live(2)], group: other, place: "b")
        func gone(_ place: String, asked: Set<String>?, shown: Set<String>) async throws -> Int {
            try await test.ledger.write { try $0.keepGoneGroups(place: place, asked: asked, shown: shown) }
            return try standing(.ruleID).count
        }
        #expect(try await gone("c", asked: nil, shown: []) == 2, "another place")
        #expect(try await gone("a", asked: nil, shown: [Fixture.groupName]) == 2, "it is shown")
        #expect(try await gone("a", asked: [], shown: []) == 2, "nobody asked for it")
        #expect(try await gone("a", asked: [other], shown: []) == 2, "nobody asked for it")
        #expect(try await gone("a", asked: [Fixture.groupName], shown: []) == 1)
        #expect(try await gone("b", asked: nil, shown: []) == 0)
    }

    @Test func `a group that comes back has no second first sight`() async throws {
        try await look([live(1)])
        try await test.ledger.write { try $0.keepGoneGroups(place: "111122223333 eu-west-1", asked: nil, shown: []) }
        test.advance(60)
        try await look([live(1), live(2, port: 443)])
        #expect(try standing(.approvedBy) == ["baseline", nil])
        #expect(try standing(.knownBy) == ["baseline", "sweep"])
    }

    // MARK: Moments

    @Test func `what was unmarked was never done`() async throws {
        try await test.ledger.write { transaction in
            try transaction.mark("snapshot")
            try transaction.mark("other")
            try transaction.unmark("snapshot")
            try transaction.unmark("unknown")
            #expect(try transaction.moment("snapshot") == nil)
            #expect(try transaction.moment("other") != nil)
        }
    }
}
