import AWSClient
import Foundation
import Ledger
import SecurityGroups
import TestSupport
import Testing

@testable import Worker

private let terraform = "arn:aws:iam::111122223333:role/terraform"

extension RecordText {
    /// The same record, of a call by this role.
    func by(_ issuer: String) -> Self {
        var record = self
        record.members["userIdentity"] =
            #"{"type":"AssumedRole","sessionContext":{"sessionIssuer":{"arn":"\#(issuer)"}}}"#
        return record
    }

    /// The same record under another id, of another time.
    fileprivate func id(_ eventID: String, at time: Date? = nil) -> Self {
        var record = self
        record.eventID = eventID
        record.time = time ?? self.time
        return record
    }
}

/// A pipeline that watches everything and exempts Terraform.
private func pipeline(
    standing numbers: [Int] = [],
    watching changes: [ChangeKind] = [.ingressAdded, .ruleModified, .ingressRemoved],
    until: Date? = nil,
    aws: ScriptedAWS? = nil,
    time: VirtualTime = VirtualTime()
) throws -> Pipeline {
    let watch = Watch(groups: [Name.group], changes: Set(changes), origin: "watch")
    let exemption = Exemption(name: "tf", principals: [Wildcard(terraform)], until: until, origin: "exempt tf")
    return try Pipeline(
        standing: numbers,
        policy: Policy(watch: [watch], exempt: [exemption]),
        time: time,
        aws: aws
    )
}

/// Nothing is opened on the word of a message.
@Suite struct OpeningTests {
    @Test func `a forged removal of a rule that never existed opens nothing, and people are told`() async throws {
        let it = try pipeline()
        _ = try await it.process(it.message(RecordText.remove(1, time: it.time.now - 60).json))
        #expect(try it.test.event("outcome", "remove") == "not-restored")
        #expect(try it.test.rules("outcome", "remove") == ["not-restored"])
        #expect(it.aws.with { $0.amendments.isEmpty && $0.rules.isEmpty })
        let notices = try await it.writer.write { try $0.takeNotices(limit: 9, lease: .seconds(60)) }
        #expect(notices.count == 1)
    }

    @Test func `added harmless, modified to the world, removed, all before the worker looked: it stays away`()
        async throws
    {
        let it = try pipeline()
        _ = try await it.process(it.message(it.record.json))
        _ = try await it.process(it.message(RecordText.modify(1, port: 99, time: it.time.now - 50).json, id: "m2"))
        _ = try await it.process(it.message(RecordText.remove(1, isByID: true, time: it.time.now - 40).json, id: "m3"))
        #expect(it.aws.with { $0.amendments.isEmpty && $0.rules.isEmpty })
        #expect(try it.test.event("outcome", "remove") == "not-restored")
    }

    @Test func `what a record says an exempt caller made is no memory unless EC2 shows exactly that`() async throws {
        let it = try pipeline(standing: [1])
        _ = try await it.process(it.message(it.record.by(terraform).json))
        #expect(try it.test.event("outcome") == "allowed")
        // Forged: Terraform is said to have opened everything under the same id.
        var forged = it.record.by(terraform).id("forged")
        forged.members["responseElements"] =
            #"{"securityGroupRuleSet":{"items":[{"groupId":"\#(Name.group)","securityGroupRuleId":"\#(Name.rule(1))","#
            + #""isEgress":false,"ipProtocol":"tcp","fromPort":0,"toPort":65535,"cidrIpv4":"0.0.0.0/0"}]}}"#
        _ = try await it.process(it.message(forged.json, id: "m2"))
        #expect(try it.test.event("outcome", "forged") == "conflict")
        #expect(try it.test.event("reason", "forged")?.hasPrefix("conflict") == true)
        #expect(it.aws.with { $0.rules.count } == 1, "what Terraform made stands approved")
        // Forged as well: somebody modified it, and what stood before is to be restored.
        let modified = RecordText.modify(1, port: 21, eventID: "modify", time: it.time.now - 30)
        _ = try await it.process(it.message(modified.json, id: "m3"))
        #expect(it.aws.with { $0.amendments.isEmpty })
        #expect(it.aws.with { $0.rules[Name.rule(1)]?.rule } == Fixture.rule(port: 21))
    }

    @Test func `a contradicting record of a rule that is gone is a conflict, too`() async throws {
        let it = try pipeline(standing: [1])
        _ = try await it.process(it.message(it.record.json))
        #expect(try it.test.event("outcome") == "reverted")
        var second = it.record.id("second")
        second.members["responseElements"] =
            #"{"securityGroupRuleSet":{"items":[{"groupId":"\#(Name.group)","securityGroupRuleId":"\#(Name.rule(1))","#
            + #""isEgress":false,"ipProtocol":"tcp","fromPort":99,"toPort":99,"cidrIpv4":"0.0.0.0/0"}]}}"#
        _ = try await it.process(it.message(second.json, id: "m2"))
        #expect(try it.test.event("outcome", "second") == "conflict")
        // The same call told in another account contradicts nothing.
        _ = try await it.process(it.message(it.record.id("twin").json, id: "m3"))
        #expect(try it.test.event("outcome", "twin") == "unchanged")
    }

    @Test func `a contradicting record of a rule that nobody approved closes it, and says why`() async throws {
        let it = try pipeline(standing: [1])
        it.policies.replace(with: .watching(.ingressAdded, allow: [try .port(21)]))
        _ = try await it.process(it.message(it.record.json))
        let opened = try liveRule(1, port: 99)
        it.aws.with { $0.rules[Name.rule(1)] = opened }
        var second = it.record.id("second")
        second.members["responseElements"] =
            #"{"securityGroupRuleSet":{"items":[{"groupId":"\#(Name.group)","securityGroupRuleId":"\#(Name.rule(1))","#
            + #""isEgress":false,"ipProtocol":"tcp","fromPort":99,"toPort":99,"cidrIpv4":"0.0.0.0/0"}]}}"#
        _ = try await it.process(it.message(second.by(terraform).json, id: "m2"))
        #expect(try it.test.event("outcome", "second") == "reverted")
        #expect(try it.test.event("reason", "second")?.hasPrefix("conflict") == true)
        #expect(it.aws.with { $0.rules.isEmpty })
    }

    @Test(arguments: [true, false]
    )
    func `a modification is undone to what an exempt caller made, unless the exemption has ended`(
        hasEnded: Bool
    ) async throws {
        let time = VirtualTime()
        let it = try pipeline(standing: [1], until: time.now + 100, time: time)
        _ = try await it.process(it.message(it.record.by(terraform).json))
        if hasEnded { time.advance(.seconds(100)) }
        let edited = try liveRule(1, port: 99)
        it.aws.with { $0.rules[Name.rule(1)] = edited }
        _ = try await it.process(it.message(RecordText.modify(1, port: 99, time: it.time.now - 30).json, id: "m2"))
        #expect(try it.test.event("outcome", "modify") == "reverted")
        #expect(it.aws.with { $0.rules.values.map(\.rule) } == (hasEnded ? [] : [Fixture.rule(port: 21)]))
    }

    @Test func `two ledgers do not undo each other's reverts`() async throws {
        let one = try pipeline(standing: [1])
        let two = try pipeline(aws: one.aws, time: one.time)
        _ = try await one.process(one.message(one.record.by(terraform).json))
        let edited = try liveRule(1, port: 99)
        one.aws.with { $0.rules[Name.rule(1)] = edited }
        let record = RecordText.modify(1, port: 99, time: one.time.now - 30)
        _ = try await one.process(one.message(record.json, id: "m2"))
        #expect(one.aws.with { $0.rules[Name.rule(1)]?.rule } == Fixture.rule(port: 21))
        _ = try await two.process(two.message(record.json, id: "m3"))
        #expect(try two.test.event("outcome", "modify") == "unchanged")
        #expect(one.aws.with { $0.rules[Name.rule(1)]?.rule } == Fixture.rule(port: 21))
    }

    @Test func `a late record does not undo a later, exempt change`() async throws {
        let it = try pipeline(standing: [1])
        let early = it.time.now - 300
        let exempt = RecordText.modify(1, port: 21, eventID: "tf", time: early + 100).by(terraform)
        _ = try await it.process(it.message(exempt.json))
        _ = try await it.process(it.message(it.record.id("late", at: early).json, id: "m2"))
        #expect(try it.test.event("outcome", "late") == "unchanged")
        #expect(it.aws.with { $0.rules.count } == 1)
        // The exempt caller takes it away, and a record of an earlier removal comes after that.
        it.aws.with { $0.rules = [:] }
        let removed = RecordText.remove(1, eventID: "tf-away", time: early + 200).by(terraform)
        _ = try await it.process(it.message(removed.json, id: "m3"))
        _ = try await it.process(it.message(RecordText.remove(1, eventID: "away", time: early + 150).json, id: "m4"))
        #expect(it.aws.with { $0.amendments.isEmpty && $0.rules.isEmpty })
        // The id was removed twice, so one of the two records is wrong.
        #expect(try it.test.event("outcome", "away") == "conflict")
    }

    @Test func `what an exempt caller took away stays away, whatever a forged removal says of its time and id`()
        async throws
    {
        for (name, isByID, delay) in [("same", true, 0.0), ("later", false, 50), ("later with id", true, 50)] {
            let it = try pipeline(standing: [1])
            let start = it.time.now - 300
            var added = it.record.by(terraform)
            added.time = start
            _ = try await it.process(it.message(added.json))
            it.aws.with { $0.rules = [:] }
            let real = RecordText.remove(1, eventID: "true", time: start + 100).by(terraform)
            _ = try await it.process(it.message(real.json, id: "m2"))
            let forged = RecordText.remove(1, isByID: isByID, eventID: "forged", time: start + 100 + delay)
            _ = try await it.process(it.message(forged.json, id: "m3"))
            #expect(it.aws.with { $0.amendments.isEmpty && $0.rules.isEmpty }, "\(name)")
        }
    }

    @Test
    func
        `a record that claims what an exempt caller added is a conflict, whatever its time: the rule stays, people are told`()
        async throws
    {
        for delay in [-50.0, 0, 50] {
            let it = try pipeline(standing: [1])
            _ = try await it.process(it.message(it.record.by(terraform).json))
            let claim = it.record.id("claim", at: it.record.time + delay)
            _ = try await it.process(it.message(claim.json, id: "m2"))
            #expect(try it.test.event("outcome", "claim") == "conflict")
            #expect(try it.test.event("reason", "claim")?.contains("somebody exempt") == true)
            #expect(it.aws.with { $0.rules.count } == 1)
        }
    }

    @Test func `an exempt record that names no id takes no rule from the record that names it`() async throws {
        for delay in [-50.0, 0, 50] {
            let it = try pipeline(standing: [1])
            var unnamed = it.record.by(terraform).id("unnamed", at: it.record.time + delay)
            unnamed.hasRuleIDs = false
            _ = try await it.process(it.message(unnamed.json))
            #expect(try it.test.event("outcome", "unnamed") == "allowed")
            _ = try await it.process(it.message(it.record.json, id: "m2"))
            #expect(try it.test.event("outcome") == "reverted")
            #expect(it.aws.with { $0.rules.isEmpty })
        }
    }

    @Test func `an edit of the description alone is no change`() async throws {
        let it = try pipeline(standing: [1])
        _ = try await it.process(it.message(it.record.by(terraform).json))
        let edited = try liveRule(1, port: 21, description: "now mine")
        it.aws.with { $0.rules[Name.rule(1)] = edited }
        _ = try await it.process(it.message(RecordText.modify(1, port: 21, time: it.time.now - 30).json, id: "m2"))
        #expect(try it.test.event("outcome", "modify") == "unchanged")
        #expect(it.aws.with { $0.rules.count } == 1)
    }
}

/// Nothing is kept open by a trick.
@Suite struct TrickTests {
    @Test func `added, then modified: the rule is judged by what it says now, whoever watches modifications`()
        async throws
    {
        for changes in [[ChangeKind.ingressAdded], [.ingressAdded, .ruleModified]] {
            let it = try pipeline(watching: changes)
            let opened = try liveRule(1, port: 99)
            it.aws.with { $0.rules[Name.rule(1)] = opened }
            _ = try await it.process(it.message(it.record.json))
            #expect(try it.test.event("outcome") == "reverted")
            #expect(it.aws.with { $0.rules.isEmpty })
            #expect(it.time.slept.isEmpty == (changes.count == 1), "its own record may still come")
        }
    }

    @Test func `added, then modified by somebody exempt of whom the ledger knows: it stays`() async throws {
        let it = try pipeline(watching: [.ingressAdded, .ruleModified])
        let changed = try liveRule(1, port: 99)
        it.aws.with { $0.rules[Name.rule(1)] = changed }
        let exempt = RecordText.modify(1, port: 99, eventID: "tf", time: it.time.now - 30).by(terraform)
        _ = try await it.process(it.message(exempt.json))
        _ = try await it.process(it.message(it.record.json, id: "m2"))
        #expect(try it.test.rules("outcome") == ["changed-since"])
        #expect(it.aws.with { $0.rules.count } == 1)
    }

    @Test func `a rule that is modified again and again, faster than the records come, does not stay open`()
        async throws
    {
        let it = try pipeline(standing: [1])
        _ = try await it.process(it.message(it.record.by(terraform).json))
        for round in 1...4 {
            let opened = try liveRule(1, port: 100 + round)
            it.aws.with { $0.rules[Name.rule(1)] = opened }
            let record = RecordText.modify(1, port: 99 + round, eventID: "m\(round)", time: it.time.now - 30)
            _ = try await it.process(it.message(record.json, id: "m\(round)"))
            #expect(try it.test.event("outcome", "m\(round)") == (round < 4 ? "unchanged" : "reverted"))
        }
        #expect(it.aws.with { $0.rules[Name.rule(1)]?.rule } == Fixture.rule(port: 21), "as terraform made it")
    }

    @Test func `a forged record under the id of a true one does not take its exemption, nor give one`() async throws {
        let it = try pipeline(standing: [1])
        var forged = it.record
        forged.eventName = "DescribeInstances"
        _ = try await it.process(it.message(forged.json))
        _ = try await it.process(it.message(it.record.by(terraform).json, id: "m2"))
        #expect(it.aws.with { $0.rules.count } == 1)
        let rows = try LedgerReader(path: it.test.path).events(matching: EventFilter(), after: nil, limit: 10)
        #expect(Set(rows.map(\.outcome)) == [.ignored, .conflict])
        // What it was approved for stays approved.
        _ = try await it.process(it.message(RecordText.modify(1, port: 21, time: it.time.now - 30).json, id: "m3"))
        #expect(it.aws.with { $0.rules.count } == 1)

        for eventID in [it.record.eventID, "another"] {
            let open = try pipeline(standing: [1])
            let refusal = HTTPResponse.ec2Error("UnauthorizedOperation", status: 403)
            open.aws.with { $0.refusals["RevokeSecurityGroupIngress"] = [refusal] }
            _ = try await open.process(open.message(open.record.json))
            #expect(try open.test.event("outcome") == "failed")
            _ = try await open.process(open.message(open.record.by(terraform).id(eventID).json, id: "m2"))
            #expect(open.aws.with { $0.rules.isEmpty }, "the true record came first")
        }
    }

    @Test(arguments: [true, false])
    func `a modification that cannot be read is judged by what the rule says`(isExempt: Bool) async throws {
        let it = try pipeline(standing: [1], watching: [.ruleModified])
        var record = RecordText.modify(1, port: 21, cidr: "300.0.0.0/0", time: it.time.now - 30)
        if isExempt { record = record.by(terraform) }
        _ = try await it.process(it.message(record.json))
        #expect(try it.test.event("outcome", "modify") == (isExempt ? "allowed" : "reverted"))
        #expect(it.aws.with { $0.rules.isEmpty } == !isExempt)
        #expect(try await past(it).approval == nil, "what the record does not tell is not approved")
    }

    @Test func `a record without its parameters: rules that the ledger never judged are judged, the others stay`()
        async throws
    {
        let it = try pipeline(standing: [1, 2], watching: [.ingressAdded])
        _ = try await it.process(it.message(it.record.by(terraform).json))
        var record = it.record.id("omitted")
        record.members["requestParameters"] = #"{"groupId":"\#(Name.group)","omitted":true}"#
        record.members["responseElements"] = "null"
        _ = try await it.process(it.message(record.json, id: "m2"))
        #expect(try it.test.event("outcome", "omitted") == "reverted")
        #expect(it.aws.with { Array($0.rules.keys) } == [Name.rule(1)])
        _ = try await it.process(it.message(record.id("again").json, id: "m3"))
        #expect(try it.test.event("outcome", "again") == "dead-lettered")
        #expect(try it.test.event("reason", "again") == "undecodable")
    }

    @Test func `the egress of an old group is not cut off by a record of its creation`() async throws {
        let old = try pipeline(watching: [.egressAdded])
        _ = try await old.process(old.message(RecordText.create(time: old.time.now - 901).json))
        #expect(try old.test.event("outcome", "create") == "unchanged")
        #expect(old.aws.with { $0.calls.isEmpty })

        let known = try pipeline(standing: [1], watching: [.egressAdded, .ingressAdded])
        _ = try await known.process(known.message(known.record.by(terraform).json))
        known.time.advance(.seconds(3600))
        _ = try await known.process(known.message(RecordText.create(time: known.time.now).json, id: "m2"))
        #expect(try known.test.event("outcome", "create") == "conflict")
        #expect(known.aws.with { $0.revokes.isEmpty })
    }

    @Test func `an approved rule without an id is not the event's that says the same`() async throws {
        let it = try pipeline(watching: [.egressAdded])
        let egress = try Fixture.live(7, Fixture.rule(.egress, .all, port: nil))
        it.aws.with { $0.rules[Name.rule(7)] = egress }
        var authorized = it.record.by(terraform)
        authorized.eventName = "AuthorizeSecurityGroupEgress"
        authorized.members["responseElements"] =
            #"{"securityGroupRuleSet":{"items":[{"groupId":"\#(Name.group)","securityGroupRuleId":"\#(Name.rule(7))","#
            + #""isEgress":true,"ipProtocol":"-1","fromPort":-1,"toPort":-1,"cidrIpv4":"0.0.0.0/0"}]}}"#
        _ = try await it.process(it.message(authorized.json))
        #expect(try it.test.event("outcome") == "allowed")
        _ = try await it.process(it.message(RecordText.create(time: it.time.now).json, id: "m2"))
        #expect(try it.test.event("outcome", "create") == "unchanged")
        #expect(it.aws.with { $0.rules.count } == 1)
    }
}

/// What the ledger knows of rule 1.
private func past(_ it: Pipeline) async throws -> RulePast {
    let query = PastQuery(
        eventID: "probe",
        groupID: Name.group,
        eventTime: nil,
        isRemoval: false,
        limits: RevertLimits()
    )
    let question = RuleQuestion(ruleID: SecurityGroupRuleID(Name.rule(1)), rule: Fixture.rule(port: 21))
    return try await it.writer.write { try $0.past(of: question, query) }
}
