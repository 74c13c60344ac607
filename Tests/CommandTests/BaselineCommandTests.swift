import Foundation
import Ledger
import SecurityGroups
import Testing

/// What stands, and who said that it may.
@Suite struct BaselineCommandTests {
    private static let group = "sg-0a1b2c3d4e5f60718"
    private static let other = "sg-0bbbbbbbbbbbbbbbb"
    private let folder: AuditFolder

    init() throws {
        folder = try AuditFolder()
    }

    private func id(_ number: Int) -> String { "sgr-0000000000000000\(number)" }

    /// A ledger that saw rules 1 and 2 in one group and rule 3 in another at its first look.
    private func ledger() async throws -> String {
        let path = folder.path("ledger.db")
        let ledger = try LedgerDatabase(path: path, worker: "one") { Date() }
        let policy = Policy(watch: [Watch(origin: "watch")])
        for (name, numbers) in [(Self.group, [1, 2]), (Self.other, [3])] {
            let groupID = try #require(SecurityGroupID(name))
            let facts = GroupFacts(
                groupID: name,
                account: "111122223333",
                region: "eu-west-1",
                vpcID: "",
                name: "",
                tags: [:]
            )
            let group = try #require(WatchedGroup(groupID, facts, by: policy))
            let rules = try numbers.map { number in
                LiveRule(
                    id: try #require(SecurityGroupRuleID(id(number))),
                    groupID: groupID,
                    rule: SecurityGroupRule(
                        direction: .ingress,
                        ipProtocol: .tcp,
                        fromPort: 20 + number,
                        toPort: 20 + number,
                        peer: Peer("0.0.0.0/0")
                    ),
                    ruleDescription: "rule \(number)"
                )
            }
            _ = try await ledger.write { transaction in
                try transaction.keep(
                    GroupLook(group: group, rules: rules),
                    place: "111122223333 eu-west-1",
                    policy: policy,
                    readAt: Date(),
                    settle: .seconds(15)
                )
            }
        }
        return path
    }

    private func rows(_ path: String, _ more: String...) async throws -> [[String: Any]] {
        let result = try await folder.run(["baseline", "show", "--ledger", path, "--format", "json"] + more)
        #expect(result.status == 0 && result.errors == "")
        return try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [[String: Any]])
    }

    @Test func `every rule is shown with what it says and why it may stand`() async throws {
        let rows = try await rows(try await ledger())
        #expect(rows.map { $0["rule_id"] as? String } == [id(1), id(2), id(3)])
        #expect(
            rows.allSatisfy { $0["known_by"] as? String == "baseline" && $0["approved_by"] as? String == "baseline" }
        )
        let first = try #require(rows.first)
        #expect(first["protocol"] as? String == "tcp" && first["from_port"] as? Int == 21)
        #expect(first["source"] as? String == "0.0.0.0/0" && first["description"] as? String == "rule 1")
        #expect(Set(first.keys) == Set(AuditStandingRule.columns))
    }

    @Test func `the groups that are asked for are shown, each of them`() async throws {
        let path = try await ledger()
        #expect(try await rows(path, "--group", Self.other).map { $0["rule_id"] as? String } == [id(3)])
        #expect(try await rows(path, "--group", Self.other, "--group", Self.group).count == 3)
        #expect(try await rows(path, "--group", "sg-0cccccccccccccccc").isEmpty)
    }

    @Test func `a person approves a rule, and takes it back`() async throws {
        let path = try await ledger()
        let forgot = try await folder.run(["baseline", "forget", id(1), "--ledger", path])
        #expect(forgot.status == 0 && forgot.output == "forgot \(id(1))\n")
        #expect(try await rows(path).first?["approved_by"] is NSNull)
        let approved = try await folder.run(
            ["baseline", "approve", id(1), "--reason", "the old gateway", "--ledger", path]
        )
        #expect(approved.status == 0 && approved.output == "approved \(id(1))\n")
        let row = try #require(try await rows(path).first)
        #expect((row["approved_by"] as? String)?.hasPrefix("approved ") == true)
        #expect(try await folder.run(["audit", "verify", "--ledger", path]).status == 0)
        let trail = try await folder.run(["audit", "export", "--trail", "--ledger", path]).output
        #expect(trail.contains("the old gateway"))
    }

    @Test func `all rules of a group are approved with one command`() async throws {
        let path = try await ledger()
        _ = try await folder.run(["baseline", "forget", "--group", Self.group, "--ledger", path])
        let approved = try await folder.run(["baseline", "approve", "--group", Self.group, "--ledger", path])
        #expect(approved.output == "approved \(id(1))\napproved \(id(2))\n")
    }

    @Test func `where one rule does not stand, none is changed`() async throws {
        let path = try await ledger()
        let result = try await folder.run(["baseline", "forget", id(1), id(9), "--ledger", path])
        #expect(result.status == 1 && result.output == "")
        #expect(
            result.errors
                == "sg-revert: the ledger knows no standing rule \(id(9)): run sg-revert sweep first\n"
        )
        #expect(try await rows(path).first?["approved_by"] as? String == "baseline")
        let group = try await folder.run(["baseline", "approve", "--group", "sg-0cccccccccccccccc", "--ledger", path])
        #expect(group.status == 1 && group.errors.contains("no standing rule of sg-0cccccccccccccccc"))
    }

    @Test(arguments: [[], ["sgr-1", "--group", "sg-1"]] as [[String]])
    func `ids or a group are given, and not both`(arguments: [String]) async throws {
        for command in ["approve", "forget"] {
            let result = try await folder.run(["baseline", command] + arguments)
            #expect(result.status == 64 && result.errors.contains("give the ids of rules, or --group"))
        }
    }

    @Test func `a ledger that is not there is an error that names it, and none is made`() async throws {
        let path = folder.path("missing.db")
        for arguments in [["show"], ["approve", id(1)], ["forget", id(1)]] {
            let result = try await folder.run(["baseline"] + arguments + ["--ledger", path])
            #expect(result.status == 1 && result.output == "" && result.errors.contains(path))
        }
        #expect(!FileManager.default.fileExists(atPath: path))
    }
}
