import AWSClient
import Foundation
import Ledger
import SecurityGroups
import Synchronization
import TestSupport
import Testing

@testable import Worker

/// A temporary exemption that a person adds on one host holds on all, and ends on all.
@Suite struct SharedExemptionTests {
    private static let mia = "arn:aws:iam::111122223333:user/mia"

    private func table(_ it: Fleet) throws -> ExemptionTable {
        ExemptionTable(client: try it.one.session.dynamodb(), name: Fleet.table) { it.time.now }
    }

    private func exemption(
        _ it: Fleet,
        _ id: String = "ex-1",
        minutes: Double = 60,
        remind: Duration? = nil
    ) -> TemporaryExemption {
        TemporaryExemption(
            id: id,
            principal: Self.mia,
            groupID: Name.group,
            from: it.time.now,
            until: it.time.now + 60 * minutes,
            remind: remind,
            reason: "incident 4711",
            madeBy: "kim@desk"
        )
    }

    /// Adds a rule by the exempt caller, and brings its record to a host.
    private func open(_ number: Int, on host: Pipeline, of it: Fleet) async throws -> String {
        try it.aws.stand([number])
        var record = RecordText(time: it.time.now)
        (record.eventID, record.rules) = ("event-\(number)", [number])
        #expect(try await host.process(host.message(record.json, id: "m\(number)")) == .delete)
        return try host.test.event("outcome", record.eventID) ?? "-"
    }

    /// What both hosts have told of exemptions until now. Nothing is marked as sent, so that it is told again.
    private func told(_ it: Fleet) async throws -> [String] {
        try await (it.told(it.one) + it.told(it.two)).filter { $0.hasPrefix("exemption:") }.map {
            String($0.split(separator: ":").last ?? "")
        }.sorted()
    }

    @Test func `it holds on a host that has not heard of it, at the next event`() async throws {
        let it = try Fleet()
        #expect(try await open(1, on: it.two, of: it) == "reverted")
        try await table(it).add(exemption(it))
        #expect(try await open(2, on: it.two, of: it) == "allowed")
        #expect(try await open(3, on: it.one, of: it) == "allowed")
        #expect(try LedgerReader(path: it.two.test.path).exemptions().map(\.madeBy) == ["kim@desk"])
        #expect(try LedgerReader(path: it.two.test.path).verify().findings.isEmpty)
    }

    /// In the second and third case the host that judged neither edit looks at the group between them. In the third the policy allows
    /// the rule, too, until the exemption has ended.
    @Test(arguments: [(false, false), (true, false), (true, true)])
    func `a rule of the baseline that was changed and changed back under an exemption stays at its end, on every host`(
        _ looksBetween: Bool,
        _ isAllowed: Bool
    )
        async throws
    {
        let until = VirtualTime().now + 3600
        let exemption = Exemption(
            name: "incident",
            principals: [Wildcard(Self.mia)],
            until: until,
            then: .revert,
            origin: "exempt incident"
        )
        let watch = [Watch(groups: [Name.group], origin: "watch")]
        let allow = isAllowed ? [try Allow.port(21)] : []
        let it = try Fleet(standing: [1], policy: Policy(watch: watch, allow: allow, exempt: [exemption]))
        let hosts = [try Keeper(it.one, holder: "one"), try Keeper(it.two, holder: "two")]
        for host in hosts { await host.keeper.round(isWanted: true) }
        it.time.advance(.seconds(90))
        for port in [99, 21] {
            let (edited, name) = (try liveRule(1, port: port), "to \(port)")
            it.aws.with { $0.rules[Name.rule(1)] = edited }
            let record = RecordText.modify(1, port: port, eventID: name, time: it.time.now)
            #expect(try await it.one.process(it.one.message(record.json, id: name)) == .delete)
            it.time.advance(.seconds(10))
            if looksBetween { await hosts[1].later() }
            #expect(it.aws.with { $0.rules[Name.rule(1)] } == edited)
        }
        it.time.advance(.seconds(3600))
        for host in hosts { host.it.policies.replace(with: Policy(watch: watch, exempt: [exemption])) }
        for _ in 1...2 {
            for host in hosts { await host.later() }
        }
        #expect(it.aws.with { $0.rules.count } == 1)
        for host in hosts { #expect(try host.standing() == [[Name.rule(1), "baseline", "baseline"]]) }
    }

    @Test func `what was lent is closed by a host whose ledger is younger, although no other host is left`()
        async throws
    {
        let it = try Fleet(standing: [2])
        try await table(it).add(exemption(it))
        #expect(try await open(1, on: it.one, of: it) == "allowed")
        it.time.advance(.seconds(60))
        let two = try Keeper(it.two, holder: "two")
        await two.keeper.round(isWanted: true)
        #expect(try two.standing().map(\.last) == ["baseline", "baseline"])
        it.time.advance(.seconds(3600))
        for _ in 1...2 { await two.keeper.round(isWanted: false) }
        #expect(it.aws.with { $0.revokes } == [[Name.rule(1)]])
        #expect(try two.standing() == [[Name.rule(2), "baseline", "baseline"]])
        let calls = it.tableCalls
        await two.keeper.round(isWanted: false)
        #expect(it.tableCalls == calls + 1, "it looks at the temporary exemptions, and asks for no rule again")
    }

    @Test func `what was lent is closed although its end was set before that of an exemption which ended earlier`()
        async throws
    {
        func incident(_ name: String, from: Date, until: Date) -> Exemption {
            Exemption(
                name: name,
                principals: [Wildcard(Self.mia)],
                from: from,
                until: until,
                then: .revert,
                origin: "exempt \(name)"
            )
        }
        let start = VirtualTime().now
        let policy = { (until: Double) in
            Policy(
                watch: [Watch(groups: [Name.group], origin: "watch")],
                exempt: [
                    incident("first", from: start, until: start + until),
                    incident("second", from: start + 120, until: start + 180),
                ]
            )
        }
        let it = try Fleet(policy: policy(3600))
        #expect(try await open(1, on: it.one, of: it) == "allowed")
        it.time.advance(.seconds(30))
        let two = try Keeper(it.two, holder: "two")
        await two.keeper.round(isWanted: true)
        it.time.advance(.seconds(180))
        await two.keeper.round(isWanted: false)
        #expect(try two.standing() == [[Name.rule(1), "baseline", "baseline"]])
        it.two.policies.replace(with: policy(90))
        for _ in 1...2 { await two.keeper.round(isWanted: false) }
        #expect(it.aws.with { $0.rules.isEmpty })
    }

    @Test func `what was lent is closed where the table was asked while the snapshot that found it was under way`()
        async throws
    {
        let during = Mutex<(@Sendable () async throws -> Void)?>(nil)
        let it = try Fleet { action in
            guard action == "DescribeSecurityGroupRules" else { return }
            let body = during.withLock { body in
                defer { body = nil }
                return body
            }
            try? await body?()
        }
        let two = try Keeper(it.two, holder: "two")
        let group = it.aws.with { $0.groups.removeValue(forKey: Name.group) }
        await two.keeper.round(isWanted: true)
        it.aws.with { $0.groups[Name.group] = group }
        try await table(it).add(exemption(it, minutes: 10))
        #expect(try await open(1, on: it.one, of: it) == "allowed")
        it.time.advance(.seconds(601))
        during.withLock {
            $0 = {
                it.time.advance(.seconds(1))
                try await two.keeper.closeExemptions()
                try await two.keeper.recallLent()
                it.time.advance(.seconds(1))
            }
        }
        for _ in 1...2 { await two.keeper.round(isWanted: true) }
        #expect(during.withLock { $0 == nil } && it.aws.with { $0.rules.isEmpty })
    }

    @Test func `its begin, its reminder and its end are told by one host each, and it closes once`() async throws {
        let it = try Fleet()
        let (one, two) = (try Keeper(it.one, holder: "one"), try Keeper(it.two, holder: "two"))
        try await table(it).add(exemption(it, remind: .seconds(600)))
        for keeper in [one, two] { await keeper.keeper.round(isWanted: true) }
        #expect(try await told(it) == ["begun"])
        #expect(try await open(1, on: it.one, of: it) == "allowed")
        for keeper in [one, two] { await keeper.later() }
        #expect(try two.standing() == [[Name.rule(1), "event", "exempt ex-1"]])
        it.time.advance(.seconds(1200))
        for keeper in [two, one] { await keeper.keeper.round(isWanted: false) }
        #expect(try await told(it) == ["begun", "reminder"])
        it.time.advance(.seconds(600))
        for keeper in [two, one] { await keeper.keeper.round(isWanted: false) }
        #expect(try await told(it) == ["begun", "ended", "reminder"])
        #expect(it.aws.with { $0.revokes } == [[Name.rule(1)]])
    }

    @Test func `one that a person ends closes on a host that did not let anything in`() async throws {
        let it = try Fleet()
        let (one, two) = (try Keeper(it.one, holder: "one"), try Keeper(it.two, holder: "two"))
        let table = try table(it)
        for keeper in [one, two] { await keeper.keeper.round(isWanted: true) }
        try await table.add(exemption(it))
        #expect(try await open(1, on: it.one, of: it) == "allowed")
        for keeper in [one, two] { await keeper.later() }
        #expect(try await table.end("ex-1", by: "lee@desk")?.endedBy == "lee@desk")
        #expect(try await table.end("ex-1", by: "lee@desk") == nil)
        it.time.advance(.seconds(20))
        await two.keeper.round(isWanted: false)
        #expect(it.aws.with { $0.revokes } == [[Name.rule(1)]])
        await one.keeper.round(isWanted: false)
        #expect(it.aws.with { $0.revokes.count } == 1)
        #expect(try await told(it).count { $0 == "ended" } == 1)
        it.time.advance(.seconds(1))
        #expect(try await open(2, on: it.one, of: it) == "reverted")
        #expect(try LedgerReader(path: it.two.test.path).exemptions().map(\.endedBy) == ["lee@desk"])
    }

    @Test func `a host without the table judges by the exemptions of its own ledger alone`() async throws {
        let it = try Fleet()
        try await table(it).add(exemption(it))
        #expect(try await open(1, on: it.one, of: it) == "allowed")
        it.aws.with { $0.tables = [:] }
        #expect(try await open(2, on: it.two, of: it) == "reverted")
        #expect(try await open(3, on: it.one, of: it) == "allowed")
    }

    @Test func `one that somebody removed from the table ends, and one that only this ledger has does not`()
        async throws
    {
        let it = try Fleet()
        try await table(it).add(exemption(it))
        #expect(try await open(1, on: it.two, of: it) == "allowed")
        let own = exemption(it, "ex-2")
        try await it.one.writer.write { try $0.add(own) }
        it.aws.with { $0.tables[Fleet.table]?["exemptions#all"] = nil }
        it.time.advance(.seconds(1))
        #expect(try await open(2, on: it.two, of: it) == "reverted")
        #expect(try await open(3, on: it.one, of: it) == "allowed")
    }

    @Test func `a reading that began before the command wrote does not end what the command added`() async throws {
        let it = try Fleet()
        let readAt = it.time.now
        it.time.advance(.seconds(1))
        var added = exemption(it)
        added.sharedAt = it.time.now
        let shared = added
        try await it.one.writer.write {
            try $0.add(shared)
            try $0.learn([], readAt: readAt)
        }
        #expect(try LedgerReader(path: it.one.test.path).exemptions().map(\.endedAt) == [nil])
    }

    @Test func `a late event is judged as it would have been in time, also on a host that began after the end`()
        async throws
    {
        let it = try Fleet()
        try await table(it).add(exemption(it, minutes: 10))
        try it.aws.stand([1])
        let record = RecordText(time: it.time.now + 60)
        it.time.advance(.seconds(86_400 * 2))
        #expect(try await it.two.process(it.two.message(record.json)) == .delete)
        #expect(try it.two.test.event("outcome") == "allowed")
        #expect(try await told(it) == [], "its begin and its end are of no interest by then")
    }

    @Test func `two people who add at the same time get ahead of each other and lose nothing`() async throws {
        let it = try Fleet()
        let table = try table(it)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 1...5 {
                let new = exemption(it, "ex-\(number)")
                group.addTask { try await table.add(new) }
            }
            try await group.waitForAll()
        }
        #expect(try await table.read().exemptions.map(\.id) == (1...5).map { "ex-\($0)" })
    }

    @Test func `an event reads them once, and events that arrive together share a read`() async throws {
        let it = try Fleet()
        let shared = it.one.claims.shared
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<50 { group.addTask { _ = try await shared.exemptions() } }
            try await group.waitForAll()
        }
        #expect(it.tableCalls < 50)
    }
}

/// The item of the table, as a value.
@Suite struct SharedExemptionItemTests {
    private static let now = Date(timeIntervalSince1970: 1_764_063_000)
    private static let good: DynamoDBItem = [
        "principal": .string("arn:aws:iam::111122223333:user/mia"), "from": .integer(1_764_063_000_000),
        "until": .integer(1_764_066_600_000), "then": .string("revert"), "reason": .string("r"),
        "made_by": .string("kim@desk"),
    ]

    private func item(_ members: DynamoDBItem, id: String = "ex-1") -> SharedExemptions {
        SharedExemptions(["pk": .string("exemptions#all"), "version": .integer(1), id: .map(members)])
    }

    private func exemption(_ id: String, hours: Double = 1) -> TemporaryExemption {
        TemporaryExemption(
            id: id,
            principal: "arn:aws:iam::111122223333:user/mia",
            from: Self.now,
            until: Self.now + 3600 * hours,
            reason: "r",
            madeBy: "kim@desk"
        )
    }

    @Test(
        arguments: [
            ["principal": .string("*")], ["principal": .string("arn:a\u{1b}[2J")], ["principal": .integer(1)],
            ["principal": .string("arn:" + String(repeating: "*", count: 2048))],
            ["from": .number("1e400")], ["from": .integer(-1)], ["until": .number("9223372036854775807")],
            ["until": .integer(1_764_063_000_000)], ["until": .string("1764066600000")], ["then": .string("never")],
            ["group_id": .string("sg-*")], ["group_id": .bool(true)], ["remind_seconds": .integer(-1)],
            ["remind_seconds": .number("9223372036854775807")], ["ended_at": .number("x")], ["reason": .null],
            ["made_by": .list([])],
        ] as [DynamoDBItem]
    )
    func `what no command can have written exempts nobody`(_ change: DynamoDBItem) {
        #expect(item(Self.good).exemptions.count == 1)
        let changed = item(Self.good.merging(change) { $1 })
        #expect(changed.exemptions.isEmpty && changed.odd == ["ex-1"])
    }

    @Test(arguments: ["ex-", "EX-1", "ex-1 ", "ex-\u{1b}", "x", String(repeating: "e", count: 255)])
    func `a name that no command gives exempts nobody`(_ id: String) {
        let changed = item(Self.good, id: id)
        #expect(changed.exemptions.isEmpty && changed.odd == [id])
    }

    @Test func `an item of another shape holds none, and a text that is too long is cut`() {
        #expect(SharedExemptions(["ex-1": .string("all")]).exemptions.isEmpty)
        let long = DynamoDBValue.string(String(repeating: "x", count: 100_000))
        let cut = item(Self.good.merging(["reason": long, "made_by": long, "ended_by": long]) { $1 }).exemptions
        #expect(cut.map(\.reason.count) == [1000] && cut.map(\.madeBy.count) == [200])
    }

    @Test func `what is written is read again, whatever version somebody put there`() throws {
        for version in [nil, .integer(7), .number("9223372036854775807"), .string("x")] as [DynamoDBValue?] {
            var old: DynamoDBItem = ["pk": .string("exemptions#all")]
            old["version"] = version
            let new = TemporaryExemption(
                id: "ex-abc",
                principal: "arn:aws:iam::111122223333:role/*",
                groupID: "sg-0a1b2c3d4e5f60718",
                from: Self.now,
                until: Date(timeIntervalSince1970: 1e17),
                then: .leave,
                remind: .seconds(Int64.max),
                reason: "r",
                madeBy: "kim@desk"
            )
            let write = try #require(SharedExemptions(old).adding(new, now: Self.now))
            guard case .put(let item) = write.action else { return }
            #expect(write.condition != nil)
            let read = SharedExemptions(item)
            #expect(read.odd.isEmpty && read.exemptions.map(\.id) == ["ex-abc"])
            #expect(read.exemptions.first?.then == .leave && read.exemptions.first?.groupID == new.groupID)
        }
    }

    @Test func `it is kept until no late event can be judged by it, and what ended makes room`() throws {
        func added(
            _ exemption: TemporaryExemption,
            to shared: SharedExemptions,
            at now: Date
        ) throws -> SharedExemptions {
            let write = try #require(shared.adding(exemption, now: now))
            guard case .put(let item) = write.action else { return shared }
            let expiry = try #require(item["expires_at"]?.integer)
            #expect(Double(expiry) >= exemption.until.timeIntervalSince1970 + 28 * 86_400)
            return SharedExemptions(item)
        }
        var shared = try added(exemption("ex-0"), to: SharedExemptions(nil), at: Self.now)
        shared = try added(exemption("ex-1", hours: 1000), to: shared, at: Self.now + 7200)
        #expect(shared.exemptions.count == 2)
        shared = try added(exemption("ex-2", hours: 1000), to: shared, at: Self.now + 29 * 86_400)
        #expect(shared.exemptions.map(\.id) == ["ex-1", "ex-2"])
        for number in 3...SharedExemptions.limit {
            shared = try added(exemption("ex-\(number)", hours: number == 3 ? 1 : 1000), to: shared, at: Self.now)
        }
        #expect(shared.exemptions.count == SharedExemptions.limit)
        #expect(shared.adding(exemption("ex-x"), now: Self.now) == nil, "all hold")
        #expect(shared.adding(exemption("ex-x"), now: Self.now + 7200) != nil, "one has ended")
    }
}
