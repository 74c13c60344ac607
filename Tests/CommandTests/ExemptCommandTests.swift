import Foundation
import Ledger
import SecurityGroups
import Testing

@testable import sg_revert

/// Temporary exemptions by command, in a ledger of this host alone.
@Suite struct ExemptCommandTests {
    private let folder: AuditFolder
    private let mia = "arn:aws:iam::111122223333:user/mia"

    init() throws {
        folder = try AuditFolder()
    }

    private var path: String { folder.path("ledger.db") }

    private func exempt(_ arguments: String...) async throws -> (status: Int32, output: String, errors: String) {
        try await folder.run(["exempt"] + arguments + ["--ledger", path])
    }

    private func add(_ more: [String] = []) async throws -> (status: Int32, output: String, errors: String) {
        try await folder.run(
            ["exempt", "add", "--ledger", path, "--principal", mia, "--for", "2h", "--reason", "incident 4711"] + more
        )
    }

    private func list(_ more: [String] = []) async throws -> [[String: Any]] {
        let result = try await folder.run(["exempt", "list", "--ledger", path, "--format", "json"] + more)
        #expect(result.status == 0 && result.errors == "")
        return try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [[String: Any]])
    }

    @Test func `one that is added holds from now on, in every column as it was asked for`() async throws {
        let group = "sg-0a1b2c3d4e5f60718"
        let added = try await add(["--group", group, "--then", "leave", "--remind", "15m"])
        #expect(added.status == 0 && added.errors == "")
        let id = added.output.trimmingCharacters(in: .newlines)
        #expect(id.wholeMatch(of: /ex-[0-9a-f]{8}/) != nil)
        let row = try #require(try await list().first)
        #expect(row["id"] as? String == id && row["principal"] as? String == mia)
        #expect(row["group_id"] as? String == group && row["then"] as? String == "leave")
        #expect(row["remind_seconds"] as? Int == 900 && row["state"] as? String == "active")
        #expect(row["reason"] as? String == "incident 4711" && row["kept_in"] as? String == "ledger")
        #expect((row["made_by"] as? String)?.contains("@") == true)
        let held = try LedgerReader(path: path).exemptions()
        #expect(held.map { $0.until.timeIntervalSince($0.from).rounded() } == [7200])
    }

    @Test func `what is not said is: in every group, no reminder, and reverted at its end`() async throws {
        _ = try await add()
        let row = try #require(try await list().first)
        #expect(row["group_id"] is NSNull && row["remind_seconds"] is NSNull && row["then"] as? String == "revert")
    }

    @Test func `one that a person ends is listed with --all alone, and cannot be ended twice`() async throws {
        let id = try await add().output.trimmingCharacters(in: .newlines)
        let ended = try await exempt("end", id)
        #expect(ended.status == 0 && ended.output == "ended \(id)\n")
        #expect(try await list().isEmpty)
        let row = try #require(try await list(["--all"]).first)
        #expect(row["state"] as? String == "ended" && row["ended_by"] as? String == row["made_by"] as? String)
        let again = try await exempt("end", id)
        #expect(again.status == 1 && again.output == "")
        #expect(
            again.errors
                == "sg-revert: there is no exemption \(id) that has not ended; see sg-revert exempt list\n"
        )
        #expect(try LedgerReader(path: path).verify().findings.isEmpty)
    }

    @Test func `a table shows the columns that fit, and csv all of them`() async throws {
        _ = try await add()
        let table = try await exempt("list").output.split(separator: "\n")
        #expect(table.count == 2 && table[0].hasPrefix("id") && table[0].contains("kept_in"))
        #expect(!table[0].contains("remind_seconds"))
        let csv = try await exempt("list", "--format", "csv").output.components(separatedBy: "\r\n")
        #expect(csv.first == ExemptListCommand.columns.joined(separator: ","))
    }

    @Test func `a ledger that is not there has nothing to list, and none is made`() async throws {
        for arguments in [["list"], ["end", "ex-00000000"]] {
            let result = try await folder.run(["exempt"] + arguments + ["--ledger", path])
            #expect(result.status == 1 && result.output == "" && result.errors.contains(path))
        }
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test(arguments: [
        (["--principal", "mia"], "--principal: \"mia\" is not the ARN of a role or user"),
        (
            ["--principal", "arn:aws:sts::111122223333:assumed-role/dev/mia"],
            "--principal: the ARN of a session never matches; name its role, arn:aws:iam::ACCOUNT:role/NAME"
        ),
        (["--group", "web"], "--group: \"web\" is not a security group id, such as sg-0a1b2c3d4e5f60718"),
        (["--for", "0s"], "--for: \"0s\" is not a duration, such as 90s, 15m, 24h or 30d"),
        (["--reason", " "], "--reason: say why"),
        (
            ["--reason", String(repeating: "é", count: 501)],
            "--reason: 1002 bytes are too long; say it in at most 1000"
        ),
        (["--then", "keep"], "--then: \"keep\" is not one of revert, leave"),
        (["--remind", "soon"], "--remind: \"soon\" is not a duration, such as 90s, 15m, 24h or 30d"),
    ])
    func `what cannot be meant is one line and exit 64, and nothing is written`(
        arguments: [String],
        line: String
    ) async throws {
        var all = ["--principal": mia, "--for": "2h", "--reason": "r"]
        all[arguments[0]] = arguments[1]
        let result = try await folder.run(
            ["exempt", "add", "--ledger", path] + all.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }
        )
        #expect(result.status == 64 && result.output == "")
        #expect(result.errors == "sg-revert: \(line); see --help\n")
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    private func exemption(
        _ id: String = "ex-1",
        principal: String = "arn:aws:iam::111122223333:user/mia",
        hours: Double = 1,
        endedAt: Double? = nil,
        sharedAt: Double? = nil
    ) -> TemporaryExemption {
        let start = Date(timeIntervalSince1970: 1_764_063_000)
        return TemporaryExemption(
            id: id,
            principal: principal,
            from: start,
            until: start + 3600 * hours,
            reason: "r",
            madeBy: "mia@host",
            endedAt: endedAt.map { start + $0 },
            sharedAt: sharedAt.map { start + $0 }
        )
    }

    @Test func `one for everybody and one for long are warned of`() {
        #expect(ExemptAddCommand.warnings(of: exemption(hours: 24)).isEmpty)
        #expect(ExemptAddCommand.warnings(of: exemption(hours: 24.1)).count == 1)
        let wide = ExemptAddCommand.warnings(of: exemption(principal: "arn:*"))
        #expect(wide == ["arn:* exempts everybody, in every account"])
    }

    @Test func `of a ledger and a table each is listed once, with where it is kept`() {
        let (here, both, there) = (exemption("ex-1"), exemption("ex-2"), exemption("ex-3"))
        let listed = ListedExemption.all(ledger: [here, both], table: [both, there])
        #expect(listed.map(\.exemption.id) == ["ex-1", "ex-2", "ex-3"])
        #expect(listed.map(\.keptIn) == [.ledger, .both, .table])
    }

    @Test func `one that either side says has ended has ended`() {
        let ended = exemption("ex-1", endedAt: 60)
        for (ledger, table) in [(exemption("ex-1"), ended), (ended, exemption("ex-1"))] {
            let listed = ListedExemption.all(ledger: [ledger], table: [table])
            #expect(listed.map(\.exemption.endedAt) == [ended.endedAt])
        }
    }

    @Test func `where the table was not read, the ledger says what is there`() {
        let listed = ListedExemption.all(ledger: [exemption("ex-1", sharedAt: 1), exemption("ex-2")], table: nil)
        #expect(listed.map(\.keptIn) == [.both, .ledger])
    }

    @Test(
        arguments: [
            ("arn:aws:iam::111122223333:role/oncall", []), ("arn:aws:iam::111122223333:role/on*", []),
            ("arn:aws:iam::*:role/*", ["arn:aws:iam::*:role/* exempts everybody, in every account"]),
            (
                "arn:aws:iam::111122223333:role/oncall ",
                ["\"arn:aws:iam::111122223333:role/oncall \" never matches: it has a character that no ARN has"]
            ),
            (
                "arn:aws:iam::11112222333:role/oncall",
                ["\"arn:aws:iam::11112222333:role/oncall\" never matches: an account has 12 digits"]
            ),
            (
                "arn:aws:iam::111122223333:role/AWSReservedSSO_Admin_1",
                [
                    "the ARN of an IAM Identity Center role has a path: write "
                        + "role/aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_…"
                ]
            ),
        ] as [(String, [String])]
    )
    func `whoever adds an exemption for nobody, or for everybody, is told`(principal: String, warnings: [String]) {
        let now = Date(timeIntervalSince1970: 1_000_000_000)
        let exemption = TemporaryExemption(
            id: "ex-1",
            principal: principal,
            from: now,
            until: now.addingTimeInterval(7200),
            reason: "incident",
            madeBy: "mia"
        )
        #expect(ExemptAddCommand.warnings(of: exemption) == warnings)
    }
}
