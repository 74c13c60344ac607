import AWSClient
import Foundation
import Ledger
import SecurityGroups
import TestSupport
import Testing

@testable import Worker

/// A rule that keeps coming back is not fought for ever.
@Suite struct LimitTests {
    private func add(_ it: Pipeline, _ number: Int, ofPort port: Int = 21) async throws -> String {
        let rule = try liveRule(number, port: port)
        it.aws.with { $0.rules[Name.rule(number)] = rule }
        var record = it.record
        record.time = it.time.now
        record.eventID = "add-\(number)"
        record.rules = [number]
        let set =
            #"[{"groupId":"\#(Name.group)","securityGroupRuleId":"\#(Name.rule(number))","isEgress":false,"#
            + #""ipProtocol":"tcp","fromPort":\#(port),"toPort":\#(port),"cidrIpv4":"0.0.0.0/0"}]"#
        record.members["responseElements"] = #"{"_return":true,"securityGroupRuleSet":{"items":\#(set)}}"#
        _ = try await it.process(it.message(record.json, id: record.eventID))
        it.aws.with { $0.rules[Name.rule(number)] = nil }
        return try #require(try it.test.event("outcome", record.eventID))
    }

    @Test func `over the limit a revert waits, for the same rule in the same hour alone`() async throws {
        let it = try Pipeline(policy: .watching(.ingressAdded, limit: 2), isUntilEmpty: true)
        #expect(try await add(it, 1) == "reverted")
        #expect(try await add(it, 2) == "reverted")
        #expect(try await add(it, 3) == "suppressed")
        #expect(try it.test.rules("reason", "add-3") == ["watch; reverted 2 times within the last hour, limit 2"])
        #expect(try await add(it, 4, ofPort: 99) == "reverted")
        it.time.advance(.seconds(61))
        #expect(try await add(it, 5) == "reverted", "the limit slows down and never gives up")
        let notices = try await it.writer.write { try $0.takeNotices(limit: 10, lease: .seconds(60)) }
        #expect(notices.count { $0.outcome == .suppressed } == 1)
    }
}

/// What the policy needs of a group comes from EC2.
@Suite struct GroupFactsTests {
    private static let policy = Policy.watching(.ingressAdded, tags: ["sg-revert": "enforce"])

    @Test(arguments: [true, false])
    func `a group is watched by its tags as EC2 shows them`(isTagged: Bool) async throws {
        let it = try Pipeline(standing: [1], policy: Self.policy)
        it.aws.with { $0.groups = [Name.group: isTagged ? ["sg-revert": "enforce"] : [:]] }
        _ = try await it.process(it.message(it.record.json))
        #expect(try it.test.event("outcome") == (isTagged ? "reverted" : "ignored"))
        #expect(it.aws.count(of: "DescribeSecurityGroups") == 1)
    }

    @Test func `a group that loses its tags stays watched for a day, and people are told when it lost them`()
        async throws
    {
        let it = try Pipeline(standing: [1, 2, 3], policy: Self.policy)
        func run(_ number: Int, isTagged: Bool) async throws -> String? {
            it.aws.with { $0.groups = [Name.group: isTagged ? ["sg-revert": "enforce", "x": "y"] : ["x": "y"]] }
            var record = it.record
            record.eventID = "e\(number)"
            record.rules = [number]
            record.time = it.time.now - 60
            _ = try await it.process(it.message(record.json, id: record.eventID))
            return try it.test.event("outcome", record.eventID)
        }
        func notices() async throws -> [Notice] {
            try await it.writer.write { try $0.takeNotices(limit: 10, lease: .seconds(600)) }
                .filter { $0.kind == "watch-ended" }
        }
        #expect(try await run(1, isTagged: true) == "reverted")
        #expect(try await notices().isEmpty)
        #expect(try await run(2, isTagged: false) == "reverted")
        #expect(try await notices().count == 1)
        it.time.advance(.seconds(86_400))
        #expect(try await run(3, isTagged: false) == "reverted", "it was made within 24 hours")
        it.time.advance(.seconds(60))
        try it.aws.stand([4])
        #expect(try await run(4, isTagged: false) == "ignored")
        #expect(it.aws.with { $0.rules[Name.rule(4)] != nil })
    }

    private func tagRecord(_ it: Pipeline, _ name: String, _ key: String, by event: String) -> String {
        var record = it.record
        record.eventID = event
        record.eventName = name
        record.time = it.time.now
        record.members["requestParameters"] =
            #"{"resourcesSet":{"items":[{"resourceId":"\#(Name.group)"},{"resourceId":"sg-0bbbbbbbbbbbbbbbb"}]},"#
            + #""tagSet":{"items":[{"key":"\#(key)","value":"enforce"}]}}"#
        record.members["responseElements"] = #"{"_return":true}"#
        return record.json
    }

    @Test func `a change of tags is looked at once it has settled, and teaches the ledger who is watched, and who was`()
        async throws
    {
        let it = try Pipeline(standing: [1], policy: Self.policy)
        it.aws.with { $0.groups = [Name.group: ["sg-revert": "enforce"]] }
        let tagged = tagRecord(it, "CreateTags", "sg-revert", by: "tagged")
        #expect(try await it.process(it.message(tagged, id: "m1")) == .delete)
        #expect(try it.test.event("reason", "tagged") == "not-a-rule-change")
        #expect(it.aws.count(of: "DescribeSecurityGroups") == 1 && it.time.slept.reduce(.zero, +) >= .seconds(15))

        it.aws.with { $0.groups = [Name.group: [:]] }
        _ = try await it.process(it.message(tagRecord(it, "DeleteTags", "sg-revert", by: "untagged"), id: "m2"))
        let notice = try await it.writer.write { try $0.takeNotices(limit: 10, lease: .seconds(60)) }.first
        #expect(notice?.kind == "watch-ended" && notice?.payload.contains("user/mia") == true)
        let text = try NoticeText(#require(notice))
        #expect(text.subject.contains("a watched group no longer matches the policy: eu-west-1, \(Name.group)"))
        #expect(text.body.contains("sg-revert=enforce") && text.body.contains("Watched until"))

        // Opened while the group had no tag, which it has again by now.
        var record = it.record
        record.time = it.time.now
        _ = try await it.process(it.message(record.json, id: "m3"))
        #expect(try it.test.event("outcome") == "reverted")
    }

    @Test func `tags that no watch entry names, and Regions that are not ours, cost no call`() async throws {
        let it = try Pipeline(policy: Self.policy)
        _ = try await it.process(it.message(tagRecord(it, "CreateTags", "Name", by: "e1"), id: "m1"))
        let elsewhere = tagRecord(it, "CreateTags", "sg-revert", by: "e2")
            .replacingOccurrences(of: "eu-west-1", with: "us-east-2")
        _ = try await it.process(it.message(elsewhere, id: "m2"))
        let plain = try Pipeline(policy: .watching(.ingressAdded))
        _ = try await plain.process(plain.message(tagRecord(plain, "DeleteTags", "sg-revert", by: "e3"), id: "m3"))
        #expect(it.aws.count(of: "DescribeSecurityGroups") == 0 && plain.aws.count(of: "DescribeSecurityGroups") == 0)
        #expect(try it.test.event("reason", "e2") == "not-a-rule-change")
    }

    @Test func `if EC2 cannot be asked about the tags, the event is tried again`() async throws {
        let it = try Pipeline(policy: Self.policy)
        it.aws.with {
            $0.refusals["DescribeSecurityGroups"] = Array(repeating: .ec2Error("Internal", status: 500), count: 3)
        }
        let record = tagRecord(it, "DeleteTags", "sg-revert", by: "e1")
        #expect(try await it.process(it.message(record)) == .postpone(.seconds(4)))
        #expect(try it.test.event("outcome", "e1") == "failed")
    }

    @Test func `a group that EC2 does not show is gone only when the event has settled`() async throws {
        let it = try Pipeline(policy: Self.policy)
        var record = it.record
        record.time = it.time.now
        #expect(try await it.process(it.message(record.json)) == .delete)
        #expect(it.time.slept.reduce(.zero, +) >= .seconds(15))
        #expect(try it.test.event("outcome") == "unchanged")
    }

    @Test func `trouble with EC2 fails the run, and the message comes again`() async throws {
        let it = try Pipeline(policy: Self.policy)
        it.aws.with {
            $0.refusals["DescribeSecurityGroups"] = Array(repeating: .ec2Error("Internal", status: 500), count: 3)
        }
        #expect(try await it.process(it.message(it.record.json)) == .postpone(.seconds(4)))
        #expect(try it.test.event("error_code") == "Internal")
    }

    @Test func `a policy that is swapped holds from the next message on`() async throws {
        let it = try Pipeline(standing: [1, 2], policy: .watching(.egressAdded))
        _ = try await it.process(it.message(it.record.json))
        #expect(try it.test.event("reason") == "not-watched")
        it.policies.replace(with: .watching(.ingressAdded))
        var record = it.record
        record.eventID = "second"
        record.rules = [2]
        _ = try await it.process(it.message(record.json, id: "m2"))
        #expect(try it.test.event("outcome", "second") == "reverted")
        #expect(it.aws.with { Array($0.rules.keys) } == [Name.rule(1)])
    }
}

/// Our own role is known by its name and account.
@Suite struct OwnRoleTests {
    @Test(arguments: [
        ("arn:aws:iam::111122223333:role/sg-revert", true),
        ("arn:aws:iam::111122223333:role/service/sg-revert", true),
        ("arn:aws:iam::999922223333:role/sg-revert", false),
        ("arn:aws-cn:iam::111122223333:role/sg-revert", false),
        ("arn:aws:iam::111122223333:role/sg-revert2", false),
        ("arn:aws:iam::111122223333:role/sg-revert/x", false),
        ("arn:aws:iam::111122223333:user/sg-revert", false),
        ("arn:aws:sts::111122223333:assumed-role/sg-revert/worker", false),
        ("", false),
    ]
    )
    func `an issuer is ours whatever its path`(arn: String, isOurs: Bool) throws {
        let role = try #require(OwnRole(callerARN: "arn:aws:sts::111122223333:assumed-role/sg-revert/worker"))
        #expect(role.isIssuer(arn) == isOurs)
    }

    @Test(arguments: ["arn:aws:iam::111122223333:user/mia", "arn:aws:iam::111122223333:root", "arn", ""]
    )
    func `a user or root is nobody's role`(arn: String) {
        #expect(OwnRole(callerARN: arn) == nil)
    }

    @Test func `a role that also people use is ours only in calls that reverting takes`() {
        #expect(!Policy.watching(.ingressAdded).makes(.ingressAdded))
        #expect(Policy.watching(.ingressAdded).makes(.ingressRemoved))
        #expect(Policy.watching(.ingressRemoved).makes(.ingressAdded))
        #expect(!Policy.watching(.ingressRemoved).makes(.egressAdded))
        #expect(Policy.watching(.ruleModified).makes(.ruleModified))
    }
}
