import AWSClient
import Foundation
import Ledger
import SecurityGroups
import TestSupport
import Testing

@testable import Worker

/// Whoever forges an event reverts nothing with it.
@Suite struct ForgeryTests {
    @Test(arguments: [
        ["awsRegion": #""evil.example.com/""#], ["awsRegion": #""eu-west-1.evil.example""#],
        ["awsRegion": #""eu-west-1@evil""#], ["recipientAccountId": #""111122223333/role""#],
        ["responseElements": #"{"_return":true}"#, "requestParameters": ForgeryTests.markup],
    ]
    )
    func `a name that cannot exist goes to the dead letters before the first AWS call`(
        members: [String: String]
    ) async throws {
        let it = try Pipeline(standing: [1])
        var record = it.record
        record.members = members
        #expect(try await it.process(it.message(record.json)) == .delete)
        #expect(try it.test.event("outcome") == "dead-lettered")
        #expect(try it.test.event("reason") == "impossible")
        #expect(it.aws.with { $0.calls } == ["SendMessage"])
    }

    @Test(arguments: ["sweep", "exemption-end"]
    )
    func `an event id that sg-revert gives to events of its own is taken from no message`(kind: String) async throws {
        let it = try Pipeline(standing: [1])
        var record = it.record
        record.eventID = "\(kind)-sgr-00000000000000001-0123456789abcdef"
        #expect(try await it.process(it.message(record.json)) == .delete)
        #expect(it.deadLetters.count == 1)
        #expect(it.aws.with { $0.calls } == ["SendMessage"])
        #expect(try it.test.event("outcome", record.eventID) == nil)
    }

    private static let markup =
        #"{"groupId":"<script>alert(1)</script>","ipProtocol":"tcp","fromPort":22,"toPort":22,"cidrIp":"0.0.0.0/0"}"#

    @Test func `an account outside the policy is not watched`() async throws {
        let watch = Watch(groups: [Name.group], accounts: ["999988887777"], origin: "watch")
        let it = try Pipeline(standing: [1], policy: Policy(watch: [watch]))
        _ = try await it.process(it.message(it.record.json))
        #expect(try it.test.event("reason") == "not-watched")
        #expect(it.aws.with { $0.calls }.isEmpty)
    }

    @Test func `an account of the policy that the group does not belong to reaches no rule`() async throws {
        let watch = Watch(accounts: ["999988887777"], origin: "watch")
        let it = try Pipeline(standing: [1], policy: Policy(watch: [watch]))
        it.aws.with { $0.owner = "111122223333" }
        var record = it.record
        record.members["recipientAccountId"] = #""999988887777""#
        _ = try await it.process(it.message(record.json))
        #expect(try it.test.event("outcome") == "failed")
        #expect(it.aws.with { $0.revokes }.isEmpty)
    }

    @Test func `a user name of 100 KB with escape sequences is cut, and reaches no terminal as it is`() async throws {
        let it = try Pipeline(standing: [1])
        let name = String(repeating: #"\u001b]0;pwned\u0007"#, count: 6_000)
        var record = it.record
        record.members["userIdentity"] = #"{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/\#(name)"}"#
        #expect(record.json.utf8.count > 100_000)
        _ = try await it.process(it.message(record.json))
        #expect(try it.test.event("outcome") == "reverted")
        #expect(try #require(try it.test.event("actor_arn")).utf8.count <= 4096)
        let notice = try #require(try await it.writer.write { try $0.takeNotices(limit: 1, lease: .seconds(60)) }.first)
        let text = try NoticeText(notice)
        #expect(!text.body.unicodeScalars.contains { $0 != "\n" && $0.properties.generalCategory == .control })
        #expect(text.subject.utf8.count < 100)
    }

    @Test func `a group that nobody watches is left alone`() async throws {
        let it = try Pipeline(standing: [1], watching: "sg-11111111")
        _ = try await it.process(it.message(it.record.json))
        #expect(try it.test.event("reason") == "not-watched")
        #expect(it.aws.with { $0.calls }.isEmpty)
    }

    @Test func `the id of a rule of another group reaches no rule`() async throws {
        let it = try Pipeline()
        let elsewhere = try liveRule(1, in: 2)
        let other = try liveRule(2, port: 443)
        it.aws.with { $0.rules = [Name.rule(1): elsewhere, Name.rule(2): other] }
        var record = it.record
        record.rules = [1, 2]
        #expect(try await it.process(it.message(record.json)) == .delete)
        // One of the same group is judged by what it says, since only closing is done on a hint.
        #expect(try it.test.rules("outcome") == ["changed-since", "reverted"])
        #expect(it.aws.with { Array($0.rules.keys) } == [Name.rule(1)])
    }

    @Test func `the id of a rule of another group is not modified back either`() async throws {
        let it = try Pipeline(policy: .watching(.ruleModified))
        let elsewhere = try liveRule(1, in: 2)
        it.aws.with { $0.rules = [Name.rule(1): elsewhere] }
        _ = try await it.process(it.message(RecordText.modify(1, port: 21, time: it.time.now - 60).json))
        #expect(try it.test.rules("outcome", "modify") == ["changed-since"])
        #expect(it.aws.with { $0.rules.count } == 1)
    }
}
