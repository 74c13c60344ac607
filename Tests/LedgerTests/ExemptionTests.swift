import Foundation
import Ledger
import SecurityGroups
import TestSupport
import Testing

/// Temporary exemptions are in the ledger, its trail and its outbox.
@Suite struct TemporaryExemptionTests {
    private let test: TestLedger

    init() throws { test = try TestLedger() }

    private func exemption(_ id: String = "ex-1", minutes: Double = 60) -> TemporaryExemption {
        TemporaryExemption(
            id: id,
            principal: "arn:aws:iam::111122223333:role/oncall",
            groupID: "sg-0a1b2c3d4e5f60718",
            from: test.now,
            until: test.now.addingTimeInterval(60 * minutes),
            remind: .seconds(900),
            reason: "incident 4711",
            madeBy: "mia@desk"
        )
    }

    @Test func `what was written is read again, and counts from its second on`() async throws {
        let exemption = exemption()
        try await test.ledger.write { try $0.add(exemption) }
        let read = try LedgerReader(path: test.path).exemptions()
        #expect(read.map(\.id) == ["ex-1"] && read.map(\.reason) == ["incident 4711"])
        #expect(read.first?.remind == .seconds(900) && read.first?.then == .revert)
        let force = try await test.ledger.write { try $0.exemptionsInForce() }
        #expect(force.map(\.name) == ["ex-1"])
        #expect((force.first?.from).map { $0 <= test.now } == true)
        #expect(read.first.map { $0.end > test.now } == true)
    }

    @Test func `one that a worker has read in the table before its maker writes it is there once`() async throws {
        var exemption = exemption()
        let made = exemption
        exemption.sharedAt = test.now
        let read = exemption
        try await test.ledger.write { try $0.add(read) }
        try await test.ledger.write { try $0.add(made) }
        #expect(try LedgerReader(path: test.path).exemptions().map(\.id) == ["ex-1"])
        #expect(try test.value("SELECT count(*) FROM trail WHERE kind = 'exemption'") == "1")
        #expect(try await test.ledger.write { try $0.takeNotices(limit: 9, lease: .seconds(60)) }.isEmpty)
    }

    @Test func `its begin and its end are told and are in the trail`() async throws {
        let exemption = exemption()
        try await test.ledger.write { try $0.add(exemption) }
        test.advance(60)
        let ended = try await test.ledger.write { try $0.endExemption("ex-1", by: "kim@desk") }
        #expect(ended?.end == ended?.endedAt && ended?.endedBy == "kim@desk")
        #expect(try await test.ledger.write { try $0.endExemption("ex-1", by: "kim@desk") } == nil)
        #expect(try await test.ledger.write { try $0.endExemption("ex-2", by: "kim@desk") } == nil)
        #expect(try LedgerReader(path: test.path).exemptions().allSatisfy { $0.end <= test.now })
        let notices = try await test.ledger.write { try $0.takeNotices(limit: 9, lease: .seconds(60)) }
        #expect(notices.map(\.kind) == ["exemption-begun", "exemption-ended"])
        #expect(try test.value("SELECT count(*) FROM trail WHERE kind = 'exemption'") == "2")
        #expect(try LedgerReader(path: test.path).verify().findings.isEmpty)
    }

    @Test func `a reminder and an end are told once each`() async throws {
        let exemption = exemption().exemption
        for _ in 0..<2 {
            try await test.ledger.write { try $0.tell(.reminder, of: exemption) }
            try await test.ledger.write { try $0.tell(.ended, of: exemption) }
        }
        let notices = try await test.ledger.write { try $0.takeNotices(limit: 9, lease: .seconds(60)) }
        #expect(notices.map(\.kind).sorted() == ["exemption-ended", "reminder"])
    }

    @Test func `one that ended is still there for late events, and is forgotten when none can come`() async throws {
        let exemption = exemption(minutes: 1)
        try await test.ledger.write { try $0.add(exemption) }
        test.advance(3600)
        #expect(try await test.ledger.write { try $0.exemptionsInForce().count } == 1)
        test.advance(LedgerDatabase.dedupeHorizon)
        #expect(try await test.ledger.write { try $0.exemptionsInForce().count } == 0)
    }
}
