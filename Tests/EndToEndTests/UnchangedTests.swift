import Testing

extension EndToEnd {
    @Suite(.serialized) struct UnchangedTests {
        @Test func `a rule that is already gone is left at that, and nobody is told`() async throws {
            let world = try await World()
            let record = try await world.authorize(.ssh)
            try await world.aws.revoke(world.group, Array(world.ingress()))
            try await world.send(record)
            try await world.work()
            let row = try await world.row(of: record)
            #expect(row["outcome"] == "unchanged" && row["exposed_ms"] == nil && row["notified_at"] == nil)
            #expect(row["rules"].items.map(\.["outcome"]) == ["already-gone"])
            #expect(try await world.notifications().isEmpty)
            #expect(try await world.isQuiet)
        }

        @Test func `a rule that was changed since is judged by what it says now`() async throws {
            let world = try await World()
            let record = try await world.authorize(.ssh)
            let id = try #require(try await world.ingress().first)
            try await world.aws.modify(world.group, id, cidr: "203.0.113.0/24")
            try await world.send(record)
            try await world.work()
            let row = try await world.row(of: record)
            #expect(row["outcome"] == "reverted")
            #expect(row["rules"].items.map(\.["source"]) == ["203.0.113.0/24"])
            #expect(try await world.ingress().isEmpty)
            #expect(try await world.notifications().count == 1)
        }

        @Test func `of two rules the one that stands is reverted, and the one that is gone is not a failure`()
            async throws
        {
            let world = try await World()
            let record = try await world.authorize(Permission("tcp", 22...22, from: .ipv4("0.0.0.0/0"), .ipv6("::/0")))
            try await world.aws.revoke(world.group, Array(world.ingress().prefix(1)))
            try await world.send(record)
            try await world.work()
            let row = try await world.row(of: record)
            #expect(row["outcome"] == "reverted")
            #expect(Set(row["rules"].items.compactMap(\.["outcome"].string)) == ["reverted", "already-gone"])
            #expect(try await world.ingress().isEmpty)
        }

        @Test func `the same rule added again with approval has a new id, and a late duplicate leaves it alone`()
            async throws
        {
            let world = try await World()
            let record = try await world.authorize(.ssh)
            try await world.send(record)
            try await world.work()
            _ = try await world.authorize(.ssh)
            let standing = try await world.ingress()
            try await world.send(record)
            try await world.work()
            #expect(try await world.ingress() == standing && standing.count == 1)
            let row = try await world.row(of: record)
            #expect(row["outcome"] == "reverted" && row["attempts"] == 1 && row["deliveries"] == 2)
        }

        @Test func `an event delivered twice at once is reverted once and told once`() async throws {
            let world = try await World()
            let record = try await world.authorize(.ssh)
            try await world.send(record)
            try await world.send(record)
            try await world.work()
            let row = try await world.row(of: record)
            #expect(row["outcome"] == "reverted" && row["attempts"] == 1 && row["deliveries"] == 2)
            #expect(try await world.events().count == 1)
            #expect(try await world.notifications().count == 1)
            #expect(try await world.isQuiet)
        }
    }
}
