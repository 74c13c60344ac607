import AWSClient
import CloudTrailEvents
import Foundation
import Ledger
import SecurityGroups
import TestSupport
import Testing

@testable import Worker

/// Names that EC2 could have made.
enum Name {
    static let group = Fixture.groupName
    static let event = "e0000000-1111-2222-3333-444444444444"
    static let queueURL = "https://sqs.eu-west-1.amazonaws.com/111122223333/changes"
    static let deadLetterURL = "https://sqs.eu-west-1.amazonaws.com/111122223333/dlq"

    /// The id of the rule with this number.
    static func rule(_ number: Int) -> String { Fixture.ruleName(number) }
}

/// A rule that lets TCP in from 0.0.0.0/0, on port 20 and its number.
func liveRule(_ number: Int, in group: Int? = nil) throws -> LiveRule {
    try Fixture.live(number, Fixture.rule(port: 20 + number), in: group, description: "rule \(number)")
}

extension ScriptedAWS {
    /// Puts the rules with these numbers into their group.
    func stand(_ numbers: [Int]) throws {
        for number in numbers {
            let rule = try liveRule(number)
            with { $0.rules[rule.id.description] = rule }
        }
    }
}

/// A CloudTrail record of a call that added rules, as text.
struct RecordText {
    var eventID = Name.event
    var eventName = "AuthorizeSecurityGroupIngress"
    var group = Name.group
    var rules = [1]
    var hasRuleIDs = true
    var time: Date
    /// Raw JSON of members that differ from the usual record.
    var members: [String: String] = [:]

    var json: String {
        let set = rules.map { number in
            #"{"groupId":"\#(group)","securityGroupRuleId":"\#(Name.rule(number))","isEgress":false,"#
                + #""ipProtocol":"tcp","fromPort":\#(20 + number),"toPort":\#(20 + number),"cidrIpv4":"0.0.0.0/0"}"#
        }
        let permissions = rules.map { number in
            #"{"ipProtocol":"tcp","fromPort":\#(20 + number),"toPort":\#(20 + number),"#
                + #""ipRanges":{"items":[{"cidrIp":"0.0.0.0/0"}]}}"#
        }
        let response = hasRuleIDs ? #","securityGroupRuleSet":{"items":[\#(set.joined(separator: ","))]}"# : ""
        var record = CallRecord(
            eventName: eventName,
            request: #"{"groupId":"\#(group)","ipPermissions":{"items":[\#(permissions.joined(separator: ","))]}}"#,
            response: #"{"_return":true\#(response)}"#
        )
        record.members = [
            "eventID": "\"\(eventID)\"", "eventTime": "\"\(time.formatted(.iso8601))\"",
            "requestID": #""req-of-the-call""#,
        ]
        for (name, value) in members { record.members[name] = .some(value) }
        return record.json
    }
}

extension TestLedger {
    /// One column of the usual event.
    func event(_ column: String) throws -> String? { try event(column, Name.event) }

    /// One column of every rule of the usual event.
    func rules(_ column: String) throws -> [String?] { try rules(column, Name.event) }
}

extension RecordText {
    /// The digest under which the ledger knows the record.
    var digest: String {
        guard case .event(let record) = MessageContent(body: json) else { return "" }
        return record.event.digest
    }
}
