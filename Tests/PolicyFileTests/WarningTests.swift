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
        try warnings("version: 1\nwatch: [{regions: [eu-west-1]}]\nallow:\n" + entries.map { "  - {\($0)}\n" }.joined())
    }

    @Test func `an empty watch list watches nothing`() throws {
        #expect(try warnings("version: 1\nwatch: []") == ["2: watch is empty: no group is watched"])
        #expect(
            try warnings("version: 1\nwatch: [{groups: []}]") == [
                "2: the policy watches nothing: no entry can match a group and a change",
                "2: groups is empty: the entry matches nothing",
            ]
        )
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
        ("*", #""*" exempts everybody"#), ("arn:*", #""arn:*" exempts everybody"#),
        ("arn:aws:iam::*:role/*", #""arn:aws:iam::*:role/*" exempts everybody"#),
        ("?rn:*:iam::*", #""?rn:*:iam::*" exempts everybody"#), ("arn:aws:iam::111122223333:role/*", nil),
        ("arn:aws:iam::*:role/terraform", nil), ("arn:aws:iam::111122223333:root", nil),
        ("arn:aws:iam::111122223333:*", nil), ("arn:aws:iam::111122223333:r*", nil),
        (
            "arn:aws:iam::1111:role/terraform",
            #""arn:aws:iam::1111:role/terraform" never matches: an account has 12 digits"#
        ),
        (
            "arn:aws:iam:eu-west-1:111122223333:role/x",
            #""arn:aws:iam:eu-west-1:111122223333:role/x" never matches: IAM has no Region, so the fourth part is empty"#
        ),
        (
            "arn:amazon:iam::111122223333:role/x",
            #""arn:amazon:iam::111122223333:role/x" never matches: there is no such partition"#
        ),
        (
            "arn:aws:ec2::111122223333:role/x",
            #""arn:aws:ec2::111122223333:role/x" never matches: the service of a role or user is iam"#
        ),
        (
            "arn:aws:iam::111122223333:policy/x",
            #""arn:aws:iam::111122223333:policy/x" never matches: it is neither of role/…, user/… nor root"#
        ),
        (
            "arn:aws:iam::111122223333:role/x ",
            #""arn:aws:iam::111122223333:role/x " never matches: it has a character that no ARN has"#
        ),
        ("arn:aws:iam", #""arn:aws:iam" never matches: it has fewer than six parts"#),
    ])
    func `a principal that cannot be meant is told`(principal: String, message: String?) throws {
        let text = "version: 1\nwatch: [{regions: [eu-west-1]}]\nexempt:\n  - principals: [\"\(principal)\"]"
        #expect(try warnings(text) == (message.map { ["4: \($0)"] } ?? []))
    }

    @Test(arguments: [
        ("invoked_by: [eks.amazonaws.com]", nil), ("invoked_by: [\"*.amazonaws.com\"]", nil),
        (
            "invoked_by: [eks]",
            #""eks" is no AWS service, so it never matches; write a name like eks.amazonaws.com"#
        ),
        ("invoked_by: [\"*\"]", #""*" exempts everybody"#), ("source_identity: [\"*\"]", #""*" exempts everybody"#),
        ("source_identity: []", "source_identity is empty: nobody is exempt"),
        ("source_identity: [mia]\n    then: revert", "then does nothing without until: the exemption never ends"),
    ])
    func `a caller of another kind that cannot be meant is told`(caller: String, message: String?) throws {
        let found = try warnings("version: 1\nwatch: [{regions: [eu-west-1]}]\nexempt:\n  - \(caller)")
        #expect(found.map { $0.split(separator: " ", maxSplits: 1)[1] } == (message.map { [Substring($0)] } ?? []))
    }

    @Test func `exempt entries that cannot be told apart by name are told`() throws {
        let text = """
            version: 1
            watch: [{regions: [eu-west-1]}]
            exempt:
              - {name: incident, principals: ["arn:aws:iam::111122223333:role/a"]}
              - {name: Incident, principals: ["arn:aws:iam::111122223333:role/b"]}
              - {name: incident, principals: ["arn:aws:iam::111122223333:role/c"]}
              - {principals: ["arn:aws:iam::111122223333:role/d"], until: 2027-01-01T00:00:00Z, then: revert}
              - {principals: ["arn:aws:iam::111122223333:role/e"], until: 2027-01-01T00:00:00Z, then: leave}
              - {principals: ["arn:aws:iam::111122223333:role/f"]}
            """
        #expect(
            try warnings(text) == [
                "6: policy.yaml:4 exempt \"incident\" has the same name; give each entry a name of its own",
                "7: then: revert needs a name: without one, the ledger knows the entry by its line, and a line may move",
            ]
        )
    }

    @Test(arguments: [
        (
            "{}",
            "the entry has no selector, so it matches every group in every Region and account that is acted on; "
                + "name groups, names, vpcs, tags, accounts or regions"
        ),
        (
            "{groups: [sg-0a1b2c3d], changes: []}",
            "changes is empty, so no change of these groups is judged; leave it out for the usual ones"
        ),
        (
            "{groups: [sg-0a1b2c3d], changes: [ingress-added]}",
            "additions are watched without rule-modified: a rule that is added harmless and then modified stays; "
                + "add rule-modified"
        ),
        (
            "{regions: [eu-west-9]}",
            #"there is no Region "eu-west-9", as far as this program knows; did you mean "eu-west-1"?"#
        ),
        (
            "{tags: {a: b}, changes: [egress-added, rule-modified]}",
            "the entry takes the outbound access of every new group that it matches, since EC2 gives each one a rule for "
                + "all outbound traffic; allow it (direction: egress, sources: [0.0.0.0/0, \"::/0\"]), or leave out "
                + "egress-added"
        ),
        ("{groups: [sg-0a1b2c3d], changes: [egress-added, rule-modified]}", nil),
        ("{tags: {a: b}, changes: [egress-added, rule-modified], action: report}", nil),
        ("{names: [default], regions: [us-gov-west-1], changes: [egress-removed]}", nil),
    ])
    func `a watch entry that is probably not meant is told`(entry: String, message: String?) throws {
        let text = "version: 1\nwatch:\n  - {groups: [sg-0a1b2c3e]}\n  - \(entry)"
        #expect(try warnings(text) == (message.map { ["4: \($0)"] } ?? []))
    }

    @Test(arguments: [
        ("allow: [{direction: egress, sources: [0.0.0.0/0, \"::/0\"]}]", false),
        ("allow: [{sources: [10.0.0.0/8]}]", true),
        ("forbid: [{direction: ingress, sources: [public]}]", false), ("forbid: [{sources: [public]}]", true),
    ])
    func `the outbound access of new groups is kept where it is allowed or not forbidden`(
        section: String,
        isTaken: Bool
    ) throws {
        let text = "version: 1\nwatch: [{tags: {a: b}, changes: [egress-added, rule-modified]}]\n\(section)"
        #expect(try !warnings(text).filter { $0.contains("outbound access") }.isEmpty == isTaken)
    }

    @Test func `forbid entries that mean everything or nothing are told`() throws {
        let start = "version: 1\nwatch: [{groups: [sg-0a1b2c3d]}]\n"
        #expect(try warnings(start + "forbid: []").count == 1)
        #expect(try warnings(start + "forbid: [{name: x}]").count == 1)
        #expect(try warnings(start + "forbid: [{name: x, direction: egress}]") == [])
    }

    @Test(arguments: [
        ("forbid: [{sources: [public]}]", true), ("forbid: [{sources: [public]}]\nexpand_prefix_lists: true", false),
        ("forbid: [{sources: [public]}, {sources: [any-prefix-list]}]", false),
        ("forbid: [{sources: [public]}, {wider_than: {ipv4: 16}}]", false),
    ])
    func `forbid entries that a prefix list gets past are told`(section: String, isTold: Bool) throws {
        let text = "version: 1\nwatch: [{groups: [sg-0a1b2c3d]}]\n\(section)"
        #expect(try !warnings(text).filter { $0.contains("prefix list") }.isEmpty == isTold)
    }

    @Test(arguments: [
        ("arn:aws:sns:eu-west-1:111122223333:t", 0), ("arn:aws:sns:eu-west-7:111122223333:t", 1),
        ("arn:aws:sns:eu-west-1:1:t", 1),
    ])
    func `a topic that cannot be is told`(topic: String, count: Int) throws {
        let text = "version: 1\nwatch: [{groups: [sg-0a1b2c3d]}]\nnotify: {topic_arn: \(topic)}"
        #expect(try warnings(text).count == count)
    }

    @Test(arguments: [("2026-11-30T23:59:59Z", true), ("2026-12-01T00:00:00Z", true), ("2026-12-01T00:00:01Z", false)])
    func `an exemption that has ended is told`(until: String, isExpired: Bool) throws {
        let text =
            "version: 1\nwatch: [{regions: [eu-west-1]}]\nexempt:\n  - principals: [\"arn:*:role/x\"]\n    until: \(until)"
        let message =
            "5: the exemption ended at \(until); remove it once what it let in is closed, or give it a later end"
        #expect(try warnings(text) == (isExpired ? [message] : []))
    }
}
