import Foundation
import PolicyFile
import Testing

/// What is probably not as it was meant.
@Suite struct WarningTests {
    /// Lines and messages of the warnings at the beginning of December 2026.
    private func warnings(_ text: String) throws -> [String] {
        try PolicyDocument(text: text, path: "policy.yaml").warnings(at: Date(timeIntervalSince1970: 1_796_083_200))
            .map { "\($0.line): \($0.message)" }
    }

    private func warnings(allow entries: [String]) throws -> [String] {
        try warnings("version: 1\nwatch: [{}]\nallow:\n" + entries.map { "  - {\($0)}\n" }.joined())
    }

    @Test func `an empty watch list watches nothing`() throws {
        #expect(try warnings("version: 1\nwatch: []") == ["2: watch is empty: no group is watched"])
        #expect(try warnings("version: 1\nwatch: [{groups: []}]") == ["2: groups is empty: the entry matches nothing"])
    }

    @Test func `an entry behind a wider one can match nothing`() throws {
        let text = """
            version: 1
            watch:
              - regions: [eu-west-1, eu-west-2]
              - groups: [sg-0a1b2c3d, sg-0a1b2c3e]
                regions: [eu-west-1]
              - groups: [sg-0a1b2c3d]
              - groups: [sg-0a1b2c3f]
              - groups: [sg-0a1b2c3d, sg-0a1b2c3f]
              - groups: [sg-0a1b2c3d, sg-0a1b2c30]
            """
        #expect(
            try warnings(text) == [
                "4: this entry can match nothing: policy.yaml:3 watch comes first and matches all that it does",
                "8: this entry can match nothing: entries before it match all of its groups",
                "9: an entry before this one already decides for sg-0a1b2c3d",
            ]
        )
    }

    @Test(arguments: [
        ("0.0.0.0/0", "the whole"), ("::/0", "the whole"), ("0.0.0.0/1", "much of the"), ("2000::/3", "much of the"),
    ])
    func `an allow of the internet is told`(block: String, share: String) throws {
        let message = "4: \(block) lets \(share) internet in; name the networks that are meant"
        #expect(try warnings(allow: ["sources: [\"\(block)\"]"]) == [message])
        #expect(try warnings(allow: ["direction: egress, sources: [\"\(block)\"]"]) == [])
    }

    @Test(arguments: ["0.0.0.0/16", "0.0.0.0/32", "10.0.0.0/8", "2001:db8::/32"])
    func `what only looks like the internet is not told`(block: String) throws {
        #expect(try warnings(allow: ["sources: [\"\(block)\"]"]) == [])
    }

    @Test func `host bits are told`() throws {
        #expect(
            try warnings(allow: ["sources: [10.1.2.3/8, 10.1.2.3]"])
                == [#"4: "10.1.2.3/8" has bits set after the prefix; it means 10.0.0.0/8"#]
        )
    }

    @Test(arguments: [
        (["protocol: tcp, ports: [8000-8050, 8051-8100], sources: self"], "its parts together are ports 8000-8100"),
        (
            ["protocol: tcp, ports: 80-90, sources: self", "protocol: tcp, ports: 85-99, sources: self"],
            "policy.yaml:4 allow and this entry together are ports 80-99"
        ),
        (["sources: [10.0.0.0/9, 10.128.0.0/9]"], "its parts together are 10.0.0.0/8"),
        (
            ["sources: [\"2001:db8:8000::/33\"]", "sources: [\"2001:db8::/33\"]"],
            "policy.yaml:4 allow and this entry together are 2001:db8::/32"
        ),
    ])
    func `what together looks like one is told`(entries: [String], words: String) throws {
        let union = words.split(separator: " are ")[1]
        #expect(
            try warnings(allow: entries)
                == [
                    "\(3 + entries.count): \(words), but a rule must lie inside one of them; write \(union) if you mean it"
                ]
        )
    }

    @Test(arguments: [
        ["protocol: tcp, ports: [80, 81], sources: self"], ["protocol: tcp, ports: [80-90, 92-99], sources: self"],
        ["protocol: tcp, ports: [80-90, 85], sources: self"], ["sources: [10.0.0.0/9, 11.0.0.0/9]"],
        ["sources: [10.128.0.0/9, 11.0.0.0/9]"], ["sources: [10.0.0.0/9, 10.128.0.0/9, 10.0.0.0/8]"],
        ["protocol: tcp, ports: 80-90, sources: self", "protocol: udp, ports: 91-99, sources: self"],
        ["protocol: tcp, ports: 80-90, sources: self", "protocol: tcp, ports: 91-99, sources: sg-0a1b2c3d"],
        ["direction: ingress, sources: [10.0.0.0/9]", "direction: egress, sources: [10.128.0.0/9]"],
    ])
    func `what does not meet is not told`(entries: [String]) throws {
        #expect(try warnings(allow: entries) == [])
    }

    @Test(arguments: [
        (
            "arn:aws:sts::111122223333:assumed-role/admin/mia",
            #""arn:aws:sts::111122223333:assumed-role/admin/mia" is the ARN of a session, which never matches; "#
                + "name the role, as in arn:aws:iam::111122223333:role/NAME"
        ),
        (
            "arn:aws:iam::111122223333:role/AWSReservedSSO_Admin_*",
            "the ARN of an IAM Identity Center role has a path: write "
                + "role/aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_…"
        ),
        ("**", #""**" exempts everybody"#),
        ("terraform", #""terraform" is no ARN, so it never matches; write arn:aws:iam::111122223333:role/NAME"#),
        ("arn:aws:iam::111122223333:role/terraform", nil), ("*:role/terraform", nil),
    ])
    func `a principal that cannot be meant is told`(principal: String, message: String?) throws {
        let text = "version: 1\nwatch: [{}]\nexempt:\n  - principals: [\"\(principal)\"]"
        #expect(try warnings(text) == (message.map { ["4: \($0)"] } ?? []))
    }

    @Test(arguments: [("2026-11-30T23:59:59Z", true), ("2026-12-01T00:00:00Z", true), ("2026-12-01T00:00:01Z", false)])
    func `an exemption that has ended is told`(until: String, isExpired: Bool) throws {
        let text = "version: 1\nwatch: [{}]\nexempt:\n  - principals: [\"arn:*\"]\n    until: \(until)"
        let message = "5: the exemption ended at \(until); remove it, or give it a later end"
        #expect(try warnings(text) == (isExpired ? [message] : []))
    }
}
