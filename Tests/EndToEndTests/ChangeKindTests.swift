import AWSClient
import Foundation
import Testing

extension EndToEnd {
    /// Every kind of change, by a policy in a file.
    @Suite(.serialized) struct ChangeKindTests {
        private static let policy = """
            changes: [ingress-added, rule-modified, ingress-removed]
            allow: [{ protocol: tcp, ports: 443, sources: [0.0.0.0/0] }]
            """

        @Test func `a modified rule gets back what the ledger knew of it, and undo gives it what it had been given`()
            async throws
        {
            let world = try await World()
            try world.write(policy: Self.policy)
            let record = try await world.authorize(
                Permission("tcp", 443...443, from: .ipv4("0.0.0.0/0"), description: "web")
            )
            try await world.send(record)
            try await world.work(by: .file)
            #expect(try await world.row(of: record)["outcome"] == "allowed")
            let before = try await world.aws.rules(world.group)
            let id = try #require(try await world.ingress().first)

            try await world.aws.modify(world.group, id, cidr: "198.51.100.0/24")
            let modified = try await world.aws.rules(world.group)
            let change = CloudTrailRecord.modify(world.group, id, cidr: "198.51.100.0/24")
            try await world.send(change)
            try await world.work(by: .file)
            let row = try await world.row(of: change)
            #expect(row["outcome"] == "reverted")
            let rule = try #require(row["rules"].items.first)
            #expect(rule["outcome"] == "reverted" && rule["source"] == "198.51.100.0/24")
            #expect(rule["reason"].string?.contains("restore ingress tcp 443 from 0.0.0.0/0") == true)
            #expect(try await Set(world.aws.rules(world.group)) == Set(before))

            try await world.paste(rule["undo"])
            #expect(try await Set(world.aws.rules(world.group)) == Set(modified))
        }

        @Test func `a removed rule comes back, our own record of it is ours, and undo takes it away again`()
            async throws
        {
            let world = try await World()
            try world.write(policy: Self.policy)
            let added = try await world.authorize(
                Permission("tcp", 443...443, from: .ipv4("0.0.0.0/0"), description: "it's \"ours\"")
            )
            try await world.send(added)
            try await world.work(by: .file)
            let standing = try await world.aws.rules(world.group).filter { !$0.isEgress }
            try await world.aws.revoke(world.group, Array(world.ingress()))
            let removal = CloudTrailRecord.removal(world.group, standing)
            try await world.send(removal)
            try await world.work(by: .file)

            let row = try await world.row(of: removal)
            #expect(row["outcome"] == "reverted")
            let back = try await world.aws.rules(world.group).filter { !$0.isEgress }
            #expect(back.map(\.cidrIPv4) == ["0.0.0.0/0"] && back.map(\.fromPort) == [443])
            #expect(back.map(\.description) == ["it's \"ours\""])

            var own = added
            own["eventID"] = .text(UUID().uuidString.lowercased())
            own["requestID"] = row["aws_request_id"]
            try await world.send(own)
            try await world.work(by: .file)
            #expect(try await world.row(of: own)["reason"] == "own-change")

            try await world.paste(row["rules"].items.first?["undo"])
            #expect(try await world.ingress().isEmpty)
        }

        @Test func `a group is watched by the tags that EC2 shows, and explain asks for them with --live`() async throws
        {
            let world = try await World()
            try world.write(policy: "selectors: { tags: { sg-revert: enforce } }\nchanges: [ingress-added]")
            let record = try await world.authorize(.ssh)
            try world.write(record: record)
            let offline = try await world.explain()
            #expect(offline["decision"] == "undetermined")
            #expect(try await world.explain("--live")["reason"] == "not-watched")
            try await world.aws.tag(world.group, "sg-revert", "enforce")
            #expect(try await world.explain("--live")["decision"] == "revert")
            try await world.send(record)
            try await world.work(by: .file)
            #expect(try await world.row(of: record)["outcome"] == "reverted")
            #expect(try await world.ingress().isEmpty)
        }

        @Test func `the egress that a new group comes with is revoked`() async throws {
            let world = try await World()
            try world.write(policy: "changes: [egress-added]")
            let record = CloudTrailRecord.record(
                "CreateSecurityGroup",
                request: ["groupName": "web", "groupDescription": "web"],
                response: ["groupId": .text(world.group), "_return": true]
            )
            #expect(try await world.aws.rules(world.group).contains { $0.isEgress })
            try await world.send(record)
            try await world.work(by: .file)
            let row = try await world.row(of: record)
            #expect(row["outcome"] == "reverted")
            #expect(try await !world.aws.rules(world.group).contains { $0.isEgress })
            try await world.paste(row["rules"].items.first?["undo"])
            #expect(try await world.aws.rules(world.group).contains { $0.isEgress && $0.ipProtocol == "-1" })
        }

        @Test func `undo pasted into a shell brings every family of rules back, with description and tags`()
            async throws
        {
            let world = try await World()
            let other = try await world.aws.createGroup()
            let record = try await world.authorize(
                Permission("tcp", 22...22, from: .ipv4("0.0.0.0/0"), description: "it's $HOME; `id` \"x\""),
                Permission("tcp", 22...22, from: .ipv6("::/0"), description: "six"),
                Permission("udp", 53...53, from: .prefixList("pl-0123456789abcdef0")),
                Permission("tcp", 8000...8100, from: .group(other)),
                Permission("icmp", 8...8, from: .ipv4("203.0.113.7/32")),
                Permission("-1", from: .ipv4("203.0.113.7/32"))
            )
            let ids = try await world.ingress()
            for id in ids { try await world.aws.tag(id, "owner", "Zoë's \"team\"") }
            let before = try await world.aws.rules(world.group).filter { !$0.isEgress }
            #expect(before.count == ids.count && before.allSatisfy { !$0.tags.isEmpty })
            try await world.send(record)
            try await world.work()
            #expect(try await world.ingress().isEmpty)
            for rule in try await world.row(of: record)["rules"].items { try await world.paste(rule["undo"]) }
            let after = try await world.aws.rules(world.group).filter { !$0.isEgress }
            #expect(after.count == ids.count)
            #expect(Set(after.map(Content.init)) == Set(before.map(Content.init)))
        }

        @Test func `a changed policy holds without a restart, and one that cannot be used does not`() async throws {
            let world = try await World()
            try world.write(policy: "changes: [egress-added]")
            let worker = try world.start(["worker", "--wait-seconds", "1", "--settle-seconds", "1"], by: .file)
            defer { worker.kill() }
            try await eventually("the worker polls") { worker.errors.contains("worker started") }
            try world.write(policy: "changes: [nonsense]")
            worker.hangUp()
            try await eventually("the worker complains") { worker.errors.contains("the policy cannot be used") }
            let kept = try await world.authorize(.ssh)
            try await world.send(kept)
            try await eventually("the old policy holds") { try await world.events().first?["reason"] == "not-watched" }
            try world.write(policy: "changes: [ingress-added]")
            try await eventually("the worker takes it by itself") { worker.errors.contains("policy reloaded") }
            let record = try await world.authorize(Permission("tcp", 23...23, from: .ipv4("0.0.0.0/0")))
            try await world.send(record)
            try await eventually("the new policy holds") { try await world.ingress().count == 1 }
            worker.terminate()
            #expect(try await worker.end().exitCode == 0)
        }
    }
}

/// What of a rule must be the same after it was brought back: all but its id.
private struct Content: Hashable {
    let texts: [String?]
    let tags: [String: String]

    init(_ rule: DescribedSecurityGroupRule) {
        texts = [
            rule.ipProtocol, rule.fromPort.map { String($0) }, rule.toPort.map { String($0) }, rule.cidrIPv4,
            rule.cidrIPv6, rule.prefixListID, rule.referencedGroupID, rule.description,
        ]
        tags = rule.tags
    }
}
