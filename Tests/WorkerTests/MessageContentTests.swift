import AWSClient
import CloudTrailEvents
import Foundation
import Ledger
import SecurityGroups
import TestSupport
import Testing

@testable import Worker

/// What a message brings, and how a run of it ends.
@Suite struct MessageContentTests {
    private let record = RecordText(time: Date(timeIntervalSince1970: 1_764_063_000))

    private func event(_ body: String) throws -> EventRecord {
        guard case .event(let record) = MessageContent(body: body) else {
            throw Missing()
        }
        return record
    }

    private struct Missing: Error {}

    @Test func `a change of rules is an event with its change, and concerns the fleet`() throws {
        let found = try event(record.json)
        #expect(found.content.change?.kind == .ingressAdded && found.concernsFleet)
        #expect(found.event.eventID == Name.event && found.facts.eventID == Name.event)
        #expect(found.facts.groupID == Name.group)
    }

    @Test func `another call is an event without a change, and concerns no other host`() throws {
        var other = record
        other.eventName = "RunInstances"
        other.members["userAgent"] = "\"\(String(repeating: "a", count: 2000))\""
        let found = try event(other.json)
        #expect(found.content.change == nil && !found.concernsFleet)
        guard case .ignored(.notARuleChange) = found.content else {
            Issue.record("\(found.content)")
            return
        }
        #expect((found.facts.userAgent?.utf8.count ?? 0) < 2000, "a flood of these takes little room")
    }

    @Test func `a record of a change that cannot be read has an event, and concerns the fleet`() throws {
        var broken = record
        broken.members["requestParameters"] = "{}"
        broken.members["responseElements"] = "{}"
        let found = try event(broken.json)
        guard case .unreadable(.undecodable, _) = found.content else {
            Issue.record("\(found.content)")
            return
        }
        #expect(found.content.change == nil && found.concernsFleet)
    }

    @Test(arguments: [("", DeadLetterReason.notJSON), ("[]", .undecodable), ("{}", .noEventID)])
    func `what names no event has a reason and words for it`(body: String, reason: DeadLetterReason) {
        guard case .noEvent(let found, let detail) = MessageContent(body: body) else {
            Issue.record("\(body) has an event")
            return
        }
        #expect(found == reason && !detail.isEmpty)
    }

    @Test func `an ending says the outcome: ignored with its reason, or a dead letter with its error`() {
        guard case .finished(let result) = Ending.ignored(.notWatched) else {
            Issue.record("not finished")
            return
        }
        #expect(result.outcome == .ignored && result.reason == "not-watched")
        guard case .deadLetter(.impossible, let error, let letter) = Ending.deadLetter(.impossible, "no group") else {
            Issue.record("no dead letter")
            return
        }
        #expect(error == "no group" && letter.outcome == .deadLettered && letter.rules.isEmpty)
    }
}

/// A name that AWS cannot have written is found before the first call.
@Suite struct ImpossibleNameTests {
    private func named(_ change: (inout RecordText) -> Void) throws -> String? {
        var record = RecordText(time: Date(timeIntervalSince1970: 1_764_063_000))
        change(&record)
        guard case .change(let event, let change) = DecodedMessage(body: record.json) else { return "no change" }
        return impossibleName(in: event, change)
    }

    @Test func `a record as AWS writes it has none`() throws {
        #expect(try named { _ in } == nil)
    }

    @Test(arguments: [
        ("awsRegion", "\"eu-west-1.evil.example\"", "\"eu-west-1.evil.example\" is no Region that can exist"),
        ("awsRegion", "null", "the event names no Region"),
        ("recipientAccountId", "\"1234\"", "\"1234\" is no account that can exist"),
    ])
    func `a Region or an account is named`(member: String, value: String, words: String) throws {
        #expect(try named { $0.members[member] = value } == words)
    }

    @Test func `a group id is named`() throws {
        #expect(try named { $0.group = "sg-x" } == "\"sg-x\" is no security group that can exist")
    }

    @Test func `a rule id is named`() throws {
        let words = try named { record in
            record.members["responseElements"] =
                #"{"_return":true,"securityGroupRuleSet":{"items":[{"groupId":"\#(Name.group)","securityGroupRuleId":"#
                + #""sgr-../x","isEgress":false,"ipProtocol":"tcp","fromPort":22,"toPort":22,"cidrIpv4":"0.0.0.0/0"}]}}"#
        }
        #expect(words == "\"sgr-../x\" is no security group rule that can exist")
    }

    @Test func `a change of more than a thousand rules is named by their number`() throws {
        #expect(
            try named { $0.rules = Array(1...1001) } == "\"1001\" is no number of rules that can exist"
        )
    }
}
