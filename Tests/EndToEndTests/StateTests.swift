import Foundation
import Testing

extension EndToEnd {
    /// What stands: snapshots, the baseline, sweeps and exemptions that end.
    @Suite(.serialized) struct StateTests {
        private static let open = Permission("tcp", 22...22, from: .ipv4("0.0.0.0/0"))
        private static let other = Permission("tcp", 23...23, from: .ipv4("0.0.0.0/0"))
        private static let sweep = ["sweep", "--settle-seconds", "1", "--format", "json"]

        @Test func `a sweep takes what stood first as the baseline, and reverts what no event told of`() async throws {
            let world = try await World()
            _ = try await world.authorize(Self.open)
            let first = try await world.run(Self.sweep)
            #expect(first.exitCode == 0 && first.output == "[]\n")

            _ = try await world.authorize(Self.other)
            let look = try await world.run(Self.sweep)
            #expect(look.exitCode == 2)
            #expect(look.errors.contains("1 rule stands without a reason"))
            let found = try JSON(parsing: look.output).items
            #expect(found.map { $0["from_port"] } == [23])
            #expect(found.map { $0["known_by"] } == ["sweep"])
            #expect(try await world.ingress().count == 2)

            let act = try await world.run(Self.sweep + ["--revert"])
            #expect(act.exitCode == 0)
            #expect(try JSON(parsing: act.output).items.map { $0["outcome"] } == ["reverted"])
            let left = try await world.ingress()
            #expect(left.count == 1)
            let events = try await world.events()
            #expect(events.map { $0["event_name"] } == ["Sweep"])
            #expect(events.map { $0["outcome"] } == ["reverted"])
            #expect(try await world.run(["audit", "verify"]).exitCode == 0)
        }

        @Test func `an edit of the description alone of a rule older than the guard is unchanged`() async throws {
            let world = try await World()
            _ = try await world.authorize(Self.open)
            #expect(try await world.run(Self.sweep).exitCode == 0)
            let id = try #require(try await world.ingress().first)
            let shown = try await world.run(["baseline", "show", "--format", "json"])
            let rows = try JSON(parsing: shown.output).items.filter { $0["direction"] == "ingress" }
            #expect(rows.map { $0["approved_by"] } == ["baseline"])
            #expect(rows.map { $0["rule_id"] } == [.text(id)])
        }

        @Test func `a person approves a rule, and takes it back`() async throws {
            let world = try await World()
            #expect(try await world.run(Self.sweep).exitCode == 0)
            _ = try await world.authorize(Self.open)
            #expect(try await world.run(Self.sweep).exitCode == 2)
            let id = try #require(try await world.ingress().first)
            let approved = try await world.run(["baseline", "approve", id, "--reason", "it is ours"])
            #expect(approved.exitCode == 0 && approved.output == "approved \(id)\n")
            #expect(try await world.run(Self.sweep).exitCode == 0)
            let unknown = try await world.run(["baseline", "approve", "sgr-0123456789abcdef0"])
            #expect(unknown.exitCode == 1 && unknown.errorLines.count == 1)
            #expect(try await world.run(["baseline", "forget", "--group", world.group]).exitCode == 0)
            #expect(try await world.run(Self.sweep).exitCode == 2)
            #expect(try await world.run(["audit", "verify"]).exitCode == 0)
        }

        @Test func `what was opened under a temporary exemption closes behind it`() async throws {
            let world = try await World()
            let principal = "arn:aws:iam::\(CloudTrailRecord.account):role/network-*"
            let added = try await world.run([
                "exempt", "add", "--principal", principal, "--group", world.group, "--for", "30s", "--reason",
                "incident",
            ])
            #expect(added.exitCode == 0)
            let id = added.output.trimmingCharacters(in: .whitespacesAndNewlines)
            #expect(id.hasPrefix("ex-"))
            let record = try await world.authorize(Self.open)
            try await world.send(record)
            try await world.work()
            #expect(try await world.row(of: record)["outcome"] == "allowed")
            #expect(try await world.ingress().count == 1)

            try await Task.sleep(for: .seconds(30))
            try await world.work()
            #expect(try await world.ingress().isEmpty)
            let end = try await world.events().first { $0["event_name"] == "ExemptionEnd" }
            #expect(end?["outcome"] == "reverted")
            #expect("\(end ?? nil)".contains(id))
            let told = try await world.notifications().map { "\($0)" }
            #expect(told.contains { $0.contains("a temporary exemption has begun") })
            #expect(told.contains { $0.contains("a temporary exemption has ended") })
            let ended = try await world.run(["exempt", "end", id])
            #expect(ended.exitCode == 1 && ended.errorLines.count == 1)
            let list = try await world.run(["exempt", "list", "--all", "--format", "json"])
            #expect(try JSON(parsing: list.output).items.map { $0["state"] } == ["ended"])
        }

        @Test func `a sweep in a dry run reports and reverts nothing`() async throws {
            let world = try await World()
            #expect(try await world.run(Self.sweep).exitCode == 0)
            _ = try await world.authorize(Self.open)
            let arguments = Self.sweep + ["--revert"]
            let dry = try await world.run(arguments, environment: ["SG_REVERT_DRY_RUN": "true"])
            #expect(dry.exitCode == 2)
            #expect(try JSON(parsing: dry.output).items.map { $0["outcome"] } == ["reported"])
            #expect(try await world.ingress().count == 1)
            #expect(try await world.run(arguments).exitCode == 0)
            #expect(try await world.ingress().isEmpty)
        }

        @Test func `a sweep says which group it could not look at`() async throws {
            let world = try await World()
            let missed = "sg-0123456789abcdef0"
            let result = try await world.run(Self.sweep + ["--group", missed, "--group", world.group])
            #expect(result.exitCode == 1)
            #expect(result.errorLines.count == 1 && result.errors.contains("not looked at: \(missed);"))
            #expect(!result.errors.contains(world.group))
        }

        @Test func `wrong usage of the commands is told in one line`() async throws {
            let world = try await World()
            for arguments in [
                ["exempt", "add", "--principal", "mia", "--for", "2h", "--reason", "r"],
                ["exempt", "add", "--principal", "arn:aws:iam::1:role/x", "--for", "soon", "--reason", "r"],
                ["exempt", "add", "--principal", "arn:aws:iam::1:role/x", "--for", "4294967295d", "--reason", "r"],
                ["baseline", "approve"], ["sweep", "--group", "web"],
            ] {
                let result = try await world.run(arguments)
                #expect(result.exitCode == 64 && result.errorLines.count == 1, "\(arguments): \(result.errors)")
            }
        }
    }
}
