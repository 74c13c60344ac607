import Foundation
import SecurityGroups
import TestSupport
import Testing

@testable import Ledger

/// What a person says of rules that stand.
@Suite struct BaselineTests {
    private let test: TestLedger

    init() throws { test = try TestLedger() }

    private func see(_ digit: Int, group: Int = 0xa, port: Int = 22, stands: Bool = true) async throws {
        let sighting = RuleSighting(
            account: "111122223333",
            region: "eu-west-1",
            groupID: try Fixture.group(group),
            ruleID: try Fixture.ruleID(digit),
            content: stands ? RuleContent(rule: Fixture.rule(port: port)) : nil,
            approval: Approval(
                source: "allow office",
                caller: Caller(issuerARN: "arn:aws:iam::111122223333:role/dev", invokedBy: nil, sourceIdentity: nil),
                eventTime: test.now
            )
        )
        var result = RunResult(outcome: .allowed)
        result.sightings = [sighting]
        try await test.ledger.finish("\(digit)\(group)\(port)\(stands)", result)
    }

    private func standing() throws -> [String] {
        try LedgerReader(path: test.path).standingRules().map { row in
            [row[.ruleID], row[.knownBy], row[.approvedBy]].map { $0.text.map { String($0.suffix(20)) } ?? "-" }
                .joined(separator: " ")
        }
    }

    @Test func `a rule that a person approves stands by the word of that person alone`() async throws {
        try await see(1)
        try await see(2)
        let approved = try await test.ledger.write {
            try $0.approve(.rule("sgr-00000000000000001"), by: "mia@desk", reason: "4711")
        }
        #expect(approved == ["sgr-00000000000000001"])
        #expect(
            try standing() == [
                "gr-00000000000000001 approved approved mia@desk", "gr-00000000000000002 event allow office",
            ]
        )
        #expect(
            try test.value("SELECT count(*) FROM sightings WHERE approver_arn IS NOT NULL") == "1",
            "the caller of the event is no longer the approver"
        )
    }

    @Test func `a whole group is approved and forgotten, and another group stays as it is`() async throws {
        for digit in [1, 2] { try await see(digit) }
        try await see(3, group: 0xb)
        let group = "sg-0000000000000000a"
        let approved = try await test.ledger.write { try $0.approve(.group(group), by: "mia@desk", reason: nil) }
        #expect(approved == ["sgr-00000000000000001", "sgr-00000000000000002"])
        let forgotten = try await test.ledger.write { try $0.forget(.group(group), by: "kim@desk") }
        #expect(forgotten == approved)
        #expect(
            try standing() == [
                "gr-00000000000000001 sweep -", "gr-00000000000000002 sweep -",
                "gr-00000000000000003 event allow office",
            ]
        )
        #expect(try await test.ledger.write { try $0.unexplainedCount() } == 2)
    }

    @Test func `only what stands is approved, and what is unknown is nothing`() async throws {
        try await see(1)
        try await see(1, stands: false)
        for chosen in [LedgerTransaction.Chosen.rule("sgr-00000000000000001"), .rule("sgr-f"), .group("'; --")] {
            #expect(try await test.ledger.write { try $0.approve(chosen, by: "mia@desk", reason: nil) }.isEmpty)
            #expect(try await test.ledger.write { try $0.forget(chosen, by: "mia@desk") }.isEmpty)
        }
        #expect(try test.value("SELECT count(*) FROM trail WHERE kind = 'baseline'") == "0")
    }

    @Test func `the trail has who said what of which rule, and why`() async throws {
        try await see(1)
        let rule = LedgerTransaction.Chosen.rule("sgr-00000000000000001")
        _ = try await test.ledger.write { try $0.approve(rule, by: "mia@desk", reason: "it's \"4711\"") }
        _ = try await test.ledger.write { try $0.forget(rule, by: "kim@desk") }
        let entries = try #require(try LedgerReader(path: test.path).trailLines(after: 0)).lines.suffix(2)
        let fields = try entries.map { try #require(JSON.object($0)["entry"]) }
        #expect(fields.map { $0["action"]?.string } == ["approved", "forgotten"])
        #expect(fields.map { $0["by"]?.string } == ["mia@desk", "kim@desk"])
        #expect(fields.map { $0["reason"]?.string } == ["it's \"4711\"", nil])
        #expect(fields.allSatisfy { $0["rule_id"]?.string == "sgr-00000000000000001" })
        #expect(try LedgerReader(path: test.path).verify().findings.isEmpty)
    }

    @Test func `a very long name of a person is cut, and a NUL in it ends nothing`() async throws {
        try await see(1)
        let person = "a\0" + String(repeating: "b", count: 10_000)
        _ = try await test.ledger.write { try $0.approve(.rule("sgr-00000000000000001"), by: person, reason: person) }
        let approvedBy = try LedgerReader(path: test.path).standingRules().first?[.approvedBy].text
        #expect(approvedBy?.hasPrefix("approved a\u{FFFD}bbb") == true && (approvedBy?.utf8.count ?? 0) <= 4096)
    }

    @Test func `rules are listed for the groups that are asked for, and those without a reason by themselves`()
        async throws
    {
        try await see(1)
        try await see(2, group: 0xb)
        try await see(3, group: 0xb, port: 23)
        _ = try await test.ledger.write { try $0.forget(.rule("sgr-00000000000000003"), by: "mia@desk") }
        let reader = try LedgerReader(path: test.path)
        func ids(_ groups: [String], unexplained: Bool = false) throws -> [String] {
            try reader.standingRules(in: groups, isUnexplained: unexplained).compactMap { $0[.ruleID].text }
                .map { String($0.suffix(1)) }
        }
        #expect(try ids([]) == ["1", "2", "3"])
        #expect(try ids(["sg-0000000000000000b"]) == ["2", "3"])
        #expect(try ids(["sg-0000000000000000b", "sg-0000000000000000a", "sg-x"]) == ["1", "2", "3"])
        #expect(try ids(["sg-x\"]"]) == [])
        #expect(try ids([], unexplained: true) == ["3"])
        #expect(try ids(["sg-0000000000000000a"], unexplained: true) == [])
    }

    @Test func `what a rule said is told as of a time, the newest first`() async throws {
        try await see(1, port: 22)
        let first = test.now
        test.advance(60)
        try await see(1, port: 443)
        test.advance(60)
        let reader = try LedgerReader(path: test.path)
        func ports(before time: Date?, rule: String = "sgr-00000000000000001") throws -> [Int64?] {
            try reader.knownContents(ofRule: rule, inGroup: "sg-0000000000000000a", before: time)
                .map { $0[.fromPort].integer }
        }
        #expect(try ports(before: nil) == [443, 22])
        #expect(try ports(before: test.now) == [443, 22])
        #expect(try ports(before: first.addingTimeInterval(30)) == [22])
        #expect(try ports(before: first) == [], "it stood from then on, not before")
        #expect(try ports(before: nil, rule: "sgr-f") == [])
        let contents = try reader.knownContents(
            ofRule: "sgr-00000000000000001",
            inGroup: "sg-0000000000000000a",
            before: nil
        )
        #expect(contents.map { $0[.goneAt] == .null } == [true, false])
    }
}
