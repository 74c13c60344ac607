import Foundation
import SecurityGroups
import TestSupport
import Testing

@testable import Ledger

@Suite struct WatchedTests {
    private static let day: Double = 86_400
    private static let policy = Policy(
        watch: [
            Watch(tags: ["sg-revert": Wildcard("enforce")], origin: "enforce"),
            Watch(tags: ["sg-revert": Wildcard("enforce-*")], changes: [.ingressAdded], origin: "enforce additions"),
            Watch(tags: ["sg-revert": Wildcard("*")], action: .report, origin: "report"),
        ]
    )
    let test: TestLedger

    init() throws { test = try TestLedger() }

    /// Shows the group to the ledger; nil tags: the policy does not watch it.
    private func see(
        _ tags: [String: String]?,
        name: String? = nil,
        taggedBy: String? = nil,
        notifies: Bool = true
    ) async throws -> [WatchedFacts] {
        let sighting = WatchSighting(
            groupID: "sg-1",
            account: "111122223333",
            region: "eu-west-1",
            facts: tags.map { WatchedFacts(name: name, tags: $0) },
            eventID: "e",
            taggedBy: taggedBy
        )
        let group = GroupFacts(groupID: "sg-1", account: nil, region: nil, vpcID: "vpc-1", name: "x", tags: [:])
        test.advance(1)
        return try await test.ledger.write { transaction in
            try transaction.watched(sighting, notifies: notifies) { Self.policy.answers(with: $0, of: group) }
        }
    }

    private func notices() async throws -> [Notice] {
        try await test.ledger.write { try $0.takeNotices(limit: 9, lease: .seconds(60)) }
    }

    @Test func `a group is remembered while it matches, and after it stopped with the time`() async throws {
        #expect(try await see(nil).isEmpty, "a group that never matched leaves no row")
        let tags = ["sg-revert": "enforce", "q": "a\"b\u{202E}"]
        #expect(try await see(tags) == [WatchedFacts(name: nil, tags: tags)])
        test.advance(30 * Self.day)
        #expect(try await see(tags) == [WatchedFacts(name: nil, tags: tags)])
        let ended = try #require(try await see(nil).first?.endedAt)
        #expect(abs(ended.timeIntervalSince(test.now)) < 0.001)
        #expect(try await see(nil) == [WatchedFacts(name: nil, tags: tags, endedAt: ended)])
        #expect(try await see(tags) == [WatchedFacts(name: nil, tags: tags)], "the tags are back")
        #expect(try test.value("SELECT count(*) FROM watched_groups") == "1")
    }

    @Test func `people are told once when a group stops matching, with who changed its tags`() async throws {
        _ = try await see(["sg-revert": "enforce"], name: "web")
        _ = try await see(nil, taggedBy: "arn:aws:iam::111122223333:user/mia")
        _ = try await see(nil)
        let told = try await notices()
        #expect(told.map(\.kind) == ["watch-ended"] && told.first?.groupID == "sg-1")
        let payload = try #require(told.first?.payload)
        for text in ["name web, sg-revert=enforce", "user/mia", "watched_until"] { #expect(payload.contains(text)) }
        #expect(try test.value("SELECT count(*) FROM trail WHERE entry LIKE '%watch-ended%'") == "1")
        #expect(try LedgerReader(path: test.path).verify().findings == [])
    }

    @Test func `another matching set of tags is no end, and both are remembered`() async throws {
        _ = try await see(["sg-revert": "enforce"])
        let both = try await see(["sg-revert": "report"])
        #expect(both.map(\.tags) == [["sg-revert": "enforce"], ["sg-revert": "report"]])
        #expect(both.map { $0.endedAt == nil } == [false, true])
        #expect(try await notices().isEmpty)
    }

    @Test func `whoever changes a tag again and again makes few rows, and does not make the ledger forget an entry`()
        async throws
    {
        for tag in ["enforce", "enforce-1", "enforce-2"] { _ = try await see(["sg-revert": tag]) }
        for number in 0..<200 { _ = try await see(["sg-revert": "\(number)"]) }
        let seen = try await see(nil)
        #expect(seen.count == 50)
        #expect(try test.value("SELECT count(*) FROM watched_groups") == "50")
        let tags = seen.compactMap { $0.tags["sg-revert"] }
        #expect(tags.prefix(2) == ["enforce", "enforce-2"], "of the ways to match an entry, the last stays")
        #expect(tags.dropFirst(2) == (152..<200).map { "\($0)" }[...])
    }

    @Test func `without a channel the trail alone has it`() async throws {
        _ = try await see(["sg-revert": "enforce"])
        _ = try await see(nil, notifies: false)
        #expect(try await notices().isEmpty)
        #expect(try test.value("SELECT count(*) FROM trail WHERE entry LIKE '%watch-ended%'") == "1")
    }

    @Test func `after 28 days what ended is forgotten, at the next look or by a prune`() async throws {
        _ = try await see(["sg-revert": "enforce"])
        _ = try await see(nil)
        test.advance(29 * Self.day)
        #expect(try await see(nil).isEmpty)
        #expect(try test.value("SELECT count(*) FROM watched_groups") == "0")
        _ = try await see(["a": "1"])
        _ = try await see(["b": "2"])
        test.advance(29 * Self.day)
        _ = try await test.ledger.write { try $0.pruneMemory(before: test.now, limit: 10) }
        #expect(try test.value("SELECT group_concat(tags) FROM watched_groups") == #"{"b":"2"}"#)
    }
}
