import Formats
import Foundation
import Ledger
import SecurityGroups
import Testing

@testable import Worker

/// Every notice in words: those that are about no event, and each line of those that are.
@Suite struct NoticeKindTests {
    /// The lines of a notice about something that is no event.
    private func lines(
        _ kind: String,
        _ payload: String = "{}",
        account: String? = nil,
        region: String? = nil,
        group: String? = nil
    ) throws -> (subject: String, lines: [String]) {
        let text = try NoticeText(
            Notice(id: "id", kind: kind, account: account, region: region, groupID: group, payloads: [payload])
        )
        return (text.subject, text.body.split(separator: "\n", omittingEmptySubsequences: false).map(String.init))
    }

    @Test(arguments: [
        ("outage", "out of order for more than a minute"), ("outage-over", "works again"),
        ("watch-ended", "a watched group no longer matches the policy"),
        ("reminder", "a temporary exemption is about to end"), ("exemption-begun", "a temporary exemption has begun"),
        ("exemption-ended", "a temporary exemption has ended"), ("new-kind", "has something to tell (new-kind)"),
        ("bad\r\nkind\u{202E}é", "has something to tell (bad"),
    ])
    func `each kind has its headline, and one that nobody knows is named in ASCII`(
        _ kind: String,
        _ words: String
    ) throws {
        let (subject, lines) = try lines(kind)
        #expect(subject.hasPrefix("sg-revert: \(words)"))
        #expect(subject.utf8.count < 100 && subject.unicodeScalars.allSatisfy { (0x20...0x7E).contains($0.value) })
        #expect(lines.first?.hasPrefix("sg-revert: \(words)") == true && lines.contains("Notice id"))
    }

    @Test func `only an outage says what becomes of the work`() throws {
        let words = "Work that needs it waits and is done when it is back. Other work goes on."
        #expect(try lines("outage").lines.contains(words))
        #expect(try !lines("outage-over").lines.contains(words))
    }

    @Test func `the place is the notice's own, or else the payload's, in one order`() throws {
        let payload =
            #"{"service":"ec2","region":"eu-west-1","account":"111122223333","group_id":"\#(Name.group)"}"#
        let place = "ec2, eu-west-1, \(Name.group), account 111122223333"
        #expect(try lines("outage-over", payload).lines[0] == "sg-revert: works again: \(place).")
        let own = try lines(
            "outage-over",
            payload,
            account: "444455556666",
            region: "us-east-1",
            group: "sg-0fedcba9876543210"
        )
        #expect(own.lines[0] == "sg-revert: works again: ec2, us-east-1, sg-0fedcba9876543210, account 444455556666.")
        // What is in the headline is not told twice.
        #expect(try lines("outage-over", payload).lines.count == 4)
    }

    @Test func `a place that AWS cannot have is left out`() throws {
        let payload = #"{"region":"nowhere\n","account":"12","group_id":"https://evil.example"}"#
        #expect(try lines("outage-over", payload).lines[0] == "sg-revert: works again.")
    }

    /// A value of the payload, and the line that shows it; nil where no line does.
    @Test(
        arguments: [
            (#""why":"no route""#, "Why       \"no route\""),
            (#""since":"2026-11-25T09:30:00Z""#, "Since     2026-11-25T09:30:00Z"),
            (#""count":7"#, "Count     7"), (#""count":-9223372036854775808"#, "Count     -9223372036854775808"),
            (#""is_dry_run":true"#, "Is dry run yes"), (#""done":false"#, "Done      no"), (#""x":null"#, nil),
            (#""x":[1]"#, nil), (#""x":{"y":1}"#, nil), (#""x":1.5"#, nil), (#""":"x""#, "          x"),
            (#""a\nWho ":"x""#, "A Who     x"), (#""x":"\u001b[2J""#, "X         \"\\u001b[2J\""),
            (#""url":"https://evil.example/""#, "Url       \"https://evil.example/\""),
        ] as [(String, String?)]
    )
    func `each value has a line with its name, safe to show`(_ member: String, _ expected: String?) throws {
        let lines = try lines("reminder", "{\(member)}").lines
        // The title, the value, an empty line, the id, and what follows the last line break.
        #expect(lines.count == (expected == nil ? 4 : 5))
        if let expected { #expect(lines[1] == expected) }
    }

    @Test func `values are in the order of their names`() throws {
        let lines = try lines("reminder", #"{"until":"z","exemption":"e","then":"revert"}"#).lines
        #expect(lines[1...3].map { String($0.prefix(5)) } == ["Exemp", "Then ", "Until"])
    }

    @Test(arguments: ["", "x", "[]", "7", "{"])
    func `a payload that is no object is an error`(_ payload: String) {
        #expect(throws: DecodingError.self) { try lines("outage", payload) }
    }

    // MARK: The lines of an event

    private func event(_ members: String, _ outcome: EventOutcome = .reverted) throws -> [String] {
        let payload = #"{"event_id":"e1"\#(members.isEmpty ? "" : "," + members)}"#
        let notice = Notice(id: "e1:\(outcome.rawValue)", kind: outcome.rawValue, eventID: "e1", payloads: [payload])
        return try NoticeText(notice).body.split(separator: "\n").map(String.init)
    }

    /// Members of an event, and a line that they make.
    @Test(arguments: [
        (#""actor_arn":"arn:aws:iam::111122223333:user/mia""#, "Who       arn:aws:iam::111122223333:user/mia"),
        (#""actor_type":"Root""#, "Who       Root"), (#""actor_id":"AIDA1""#, "Who       id AIDA1"),
        (#""invoked_by":"eks.amazonaws.com""#, "Who       for eks.amazonaws.com"),
        (#""source_ip":"198.51.100.7""#, "From      198.51.100.7"),
        (#""source_ip":"AWS Internal""#, "From      \"AWS Internal\""),
        (#""event_time":"2026-11-25T09:30:00Z""#, "When      2026-11-25T09:30:00.000Z"),
        (#""event_time":"yesterday""#, "When      yesterday"), (#""event_time":"at noon""#, "When      \"at noon\""),
        (#""exposed_ms":0"#, "Open for  0.0 s"), (#""exposed_ms":99"#, "Open for  0.0 s"),
        (#""exposed_ms":12345"#, "Open for  12.3 s"),
        (#""reason":"forbid open""#, "Why       \"forbid open\""),
        (#""error_message":"denied""#, "Error     \"denied\""), ("", "Event     e1"),
    ])
    func `each fact of an event has a line of its own`(_ members: String, _ line: String) throws {
        #expect(try event(members).contains(line))
    }

    @Test func `a caller whose own ARN is that of its role has no line for a session`() throws {
        let arn = "arn:aws:iam::111122223333:user/mia"
        let lines = try event(#""actor_arn":"\#(arn)","issuer_arn":"\#(arn)""#)
        #expect(lines.count { $0.contains(arn) } == 1 && !lines.contains { $0.hasPrefix("Session") })
    }

    private func rule(_ members: String, _ outcome: EventOutcome = .reverted) throws -> [String] {
        let rule = #"{"direction":"ingress","protocol":"tcp","source":"0.0.0.0/0","outcome":"reverted"\#(members)}"#
        let lines = try event(#""rules":[\#(rule)]"#, outcome)
        return Array(lines[(lines.firstIndex(of: "Rules").map { $0 + 1 } ?? lines.count)...].dropLast())
    }

    @Test func `a rule has its id, its description, the line of policy and the command, as far as they are known`()
        throws
    {
        #expect(try rule("").count == 1 && rule("")[0].hasPrefix("- reverted: ingress tcp"))
        #expect(try rule(#","rule_id":"\#(Name.rule(1))""#)[0].hasSuffix(" (\(Name.rule(1)))"))
        #expect(try rule(#","rule_id":"rule one""#)[0].hasSuffix(#" ("rule one")"#))
        #expect(try rule(#","description":"ssh""#)[0].hasSuffix(#" ("ssh")"#))
        #expect(try rule(#","reason":"forbid open""#).last == #"  by "forbid open""#)
        #expect(try rule(#","undo":"aws ec2 x""#).last == "  to undo that: aws ec2 x")
        #expect(try rule(#","undo":"aws\nrm""#).count == 2)
    }

    @Test(arguments: [
        ("direction", "sideways"), ("protocol", "t c p"), ("source", "click here"),
        ("source", String(repeating: "a", count: 101)),
    ])
    func `a rule that EC2 could not have stands in quotes`(_ member: String, _ value: String) throws {
        let members = ["direction": "ingress", "protocol": "tcp", "source": "0.0.0.0/0"].merging([member: value]) { $1 }
        let texts = members.map { #""\#($0.key)":"\#($0.value)""# }.joined(separator: ",")
        let lines = try event(#""rules":[{\#(texts),"outcome":"reverted"}]"#)
        #expect(lines.contains { $0.hasPrefix(#"- reverted: ""#) })
    }

    @Test func `a rule of a record that is not believed has no command to paste`() throws {
        let lines = try rule(#","undo":"aws ec2 x","reason":"forbid open""#, .conflict)
        #expect(lines.count == 2 && !lines.joined().contains("aws ec2 x"))
    }
}
