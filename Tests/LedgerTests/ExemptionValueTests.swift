import Foundation
import SecurityGroups
import TestSupport
import Testing

@testable import Ledger

/// A temporary exemption as a value.
@Suite struct ExemptionValueTests {
    private static let start = Date(timeIntervalSince1970: 1_764_106_859.75)

    private func exemption(
        minutes: Double = 60,
        endedAfter: Double? = nil,
        group: String? = nil,
        remind: Duration? = nil
    ) -> TemporaryExemption {
        TemporaryExemption(
            id: "ex-12345678",
            principal: "arn:aws:iam::111122223333:role/on*",
            groupID: group,
            from: Self.start,
            until: Self.start + 60 * minutes,
            remind: remind,
            reason: "incident 4711",
            madeBy: "mia@desk",
            endedAt: endedAfter.map { Self.start + $0 },
            endedBy: endedAfter == nil ? nil : "kim@desk"
        )
    }

    @Test func `it ends at its time, or when somebody ended it, whichever is first`() {
        #expect(exemption().end == Self.start + 3600)
        #expect(exemption(endedAfter: 60).end == Self.start + 60)
        #expect(exemption(endedAfter: 7200).end == Self.start + 3600, "ended after its time")
    }

    @Test func `the policy judges by it from its second on, for its principal and its group`() {
        let exempt = exemption(group: "sg-1").exemption
        func covers(_ issuer: String, _ group: String, at seconds: Double) -> Bool {
            exempt.covers(
                ChangeContext(
                    group: GroupFacts(groupID: group, account: "111122223333", region: "eu-west-1"),
                    kind: .ingressAdded,
                    issuerARN: issuer,
                    invokedBy: nil,
                    sourceIdentity: nil,
                    eventTime: Self.start + seconds
                )
            )
        }
        let oncall = "arn:aws:iam::111122223333:role/oncall"
        #expect(covers(oncall, "sg-1", at: -0.75), "CloudTrail writes whole seconds")
        #expect(!covers(oncall, "sg-1", at: -1.75))
        #expect(covers(oncall, "sg-1", at: 3599))
        #expect(!covers(oncall, "sg-1", at: 3600))
        #expect(!covers(oncall, "sg-2", at: 10))
        #expect(!covers("arn:aws:iam::111122223333:role/dev", "sg-1", at: 10))
    }

    @Test func `the policy line names the exemption, why it is and whose it is`() {
        let exempt = exemption(remind: .seconds(900)).exemption
        #expect(exempt.name == "ex-12345678")
        #expect(exempt.origin == "exempt ex-12345678 (incident 4711, by mia@desk)")
        #expect(exempt.then == .revert && exempt.remind == .seconds(900) && exempt.groups == nil)
    }

    @Test func `its cells are as many as its columns, and say whether it holds`() {
        let active = exemption(remind: .seconds(900)).values(at: Self.start + 10)
        let columns = TemporaryExemption.columns
        #expect(active.count == columns.count)
        func cell(_ name: String, _ values: [AuditValue]) -> AuditValue? {
            columns.firstIndex(of: name).map { values[$0] }
        }
        #expect(cell("state", active) == .text("active") && cell("ended_at", active) == .null)
        #expect(cell("remind_seconds", active) == .integer(900) && cell("group_id", active) == .null)
        #expect(cell("until", active) == .text("2025-11-25T22:40:59.750Z") && cell("then", active) == .text("revert"))
        let ended = exemption(endedAfter: 5).values(at: Self.start + 10)
        #expect(cell("state", ended) == .text("ended") && cell("ended_by", ended) == .text("kim@desk"))
        #expect(cell("state", exemption().values(at: Self.start + 3600)) == .text("ended"))
    }

    @Test func `what was written is read again, also what somebody edited in the file`() async throws {
        let test = try TestLedger()
        let ledger = try test.open()
        let whole = exemption(group: "sg-1", remind: .seconds(60))
        try await ledger.write { try $0.add(whole) }
        #expect(try LedgerReader(path: test.path).exemptions() == [whole])
        try test.execute("UPDATE exemptions SET after = 'burn', until = 'never', starts_at = 'once'")
        let edited = try #require(try LedgerReader(path: test.path).exemptions().first)
        #expect(edited.then == .leave, "what cannot be read reverts nothing")
        #expect(edited.end < test.now, "and exempts nobody")
    }

    @Test func `ids do not meet`() async throws {
        let test = try TestLedger()
        let ledger = try test.open()
        let one = exemption()
        try await ledger.write { try $0.add(one) }
        await #expect(throws: (any Error).self) { try await ledger.write { try $0.add(one) } }
        #expect(try LedgerReader(path: test.path).exemptions().count == 1)
    }
}
