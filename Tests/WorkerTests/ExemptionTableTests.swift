import AWSClient
import Foundation
import Ledger
import SecurityGroups
import Synchronization
import TestSupport
import Testing

@testable import Worker

/// A person's command writes an exemption into the table whatever happens beside it, or says why it cannot.
@Suite struct ExemptionTableTests {
    private let time = VirtualTime()

    private func exemption(_ id: String = "ex-1", minutes: Double = 60) -> TemporaryExemption {
        TemporaryExemption(
            id: id,
            principal: "arn:aws:iam::111122223333:user/mia",
            from: time.now,
            until: time.now + 60 * minutes,
            reason: "incident 4711",
            madeBy: "kim@desk"
        )
    }

    private func table(_ aws: ScriptedAWS) throws -> ExemptionTable {
        if aws.with({ $0.tables["claims"] == nil }) { aws.with { $0.tables["claims"] = [:] } }
        return ExemptionTable(client: try aws.session().dynamodb(), name: "claims") { [time] in time.now }
    }

    /// A table to which somebody else writes before each of our writes.
    private func busyTable() throws -> (ExemptionTable, ScriptedAWS) {
        let box = Mutex<ScriptedAWS?>(nil)
        let count = Mutex(0)
        let aws = ScriptedAWS(time: time) { action in
            guard action == "PutItem", let aws = box.withLock(\.self) else { return }
            let version = count.withLock {
                $0 += 1
                return $0
            }
            aws.with { $0.tables["claims"]?["exemptions#all"]?["version"] = .integer(1000 + version) }
        }
        box.withLock { $0 = aws }
        aws.with {
            $0.tables["claims"] = ["exemptions#all": ["pk": .string("exemptions#all"), "version": .integer(1)]]
        }
        return (try table(aws), aws)
    }

    @Test func `one that is added is read, and ends when somebody ends it`() async throws {
        let table = try table(ScriptedAWS(time: time))
        try await table.add(exemption())
        #expect(try await table.read().exemptions.map(\.id) == ["ex-1"])
        time.advance(.seconds(60))
        let ended = try await table.end("ex-1", by: "lee@desk")
        #expect(ended?.endedAt == time.now && ended?.endedBy == "lee@desk")
        #expect(try await table.read().exemptions.first?.endedBy == "lee@desk")
    }

    @Test func `an id that the table does not have, or that has ended, cannot be ended`() async throws {
        let aws = ScriptedAWS(time: time)
        let table = try table(aws)
        #expect(try await table.end("ex-1", by: "lee@desk") == nil)
        try await table.add(exemption(minutes: 1))
        time.advance(.seconds(61))
        #expect(try await table.end("ex-1", by: "lee@desk") == nil)
        #expect(aws.count(of: "PutItem") == 1)
    }

    @Test func `a write whose answer was lost is known as done`() async throws {
        let aws = ScriptedAWS(time: time)
        let table = try table(aws)
        // The client's retry meets its own first try.
        aws.with { $0.lost["PutItem"] = [.dynamoDBError("InternalServerError", status: 500)] }
        try await table.add(exemption())
        #expect(try await table.read().exemptions.map(\.id) == ["ex-1"])
        aws.with { $0.lost["PutItem"] = [.dynamoDBError("InternalServerError", status: 500)] }
        #expect(try await table.end("ex-1", by: "lee@desk")?.endedBy == "lee@desk")
    }

    @Test func `a table to which others write all the time is an error that says so`() async throws {
        let (table, aws) = try busyTable()
        let error = await #expect(throws: ExemptionTableError.self) { try await table.add(exemption()) }
        #expect(error.map { "\($0)" } == "others write to the exemptions of table claims all the time: try again")
        #expect(aws.count(of: "PutItem") == 8)
    }

    @Test func `an end that others get ahead of all the time is the same error`() async throws {
        let (table, aws) = try busyTable()
        let quiet = ScriptedAWS(time: time)
        let other = try self.table(quiet)
        try await other.add(exemption())
        let item = quiet.with { $0.tables["claims"]?["exemptions#all"] }
        aws.with { $0.tables["claims"]?["exemptions#all"] = item }
        await #expect(throws: ExemptionTableError.self) { try await table.end("ex-1", by: "lee@desk") }
    }

    @Test func `a table that is full of exemptions that hold takes no more, and says what to do`() async throws {
        let aws = ScriptedAWS(time: time)
        let table = try table(aws)
        for number in 1...SharedExemptions.limit { try await table.add(exemption("ex-\(number)")) }
        let error = await #expect(throws: ExemptionTableError.self) { try await table.add(exemption("ex-more")) }
        #expect(
            error.map { "\($0)" }
                == "table claims has 200 exemptions that hold, and room for no more: end some of them first"
        )
        _ = try await table.end("ex-7", by: "lee@desk")
        time.advance(.seconds(1))
        try await table.add(exemption("ex-more"))
        #expect(try await table.read().exemptions.count == SharedExemptions.limit)
    }

    @Test func `what DynamoDB refuses is thrown`() async throws {
        let aws = ScriptedAWS(time: time)
        let table = try table(aws)
        aws.with { $0.refusals["GetItem"] = [.dynamoDBError("AccessDeniedException")] }
        let error = await #expect(throws: AWSServiceError.self) { try await table.add(exemption()) }
        #expect(error?.code == "AccessDeniedException")
    }
}
