import Foundation
import PolicyFile
import SecurityGroups
import Testing

@Suite struct PolicyFileTests {
    /// `version: 1`, a watch that matches everything, and then `text`, which so starts in line 4.
    private func read(_ text: String) throws(InvalidPolicy) -> PolicyDocument {
        try PolicyDocument(text: "version: 1\nwatch:\n  - changes: [ingress-added]\n\(text)", path: "dir/policy.yaml")
    }

    private func errors(_ text: String) -> [String] {
        do throws(InvalidPolicy) {
            _ = try PolicyDocument(text: text, path: "dir/policy.yaml")
            return []
        } catch {
            return error.problems.map(\.description)
        }
    }

    @Test func `every section is read`() throws {
        let text = """
            version: 1
            watch:
              - groups: [sg-0a1b2c3d4e5f60718]
                changes: [ingress-added]
              - tags: { sg-revert: enforce }
                vpcs: vpc-0123456789abcdef0
                accounts: [111122223333]
                regions: [eu-west-1]
                changes: [ingress-added, egress-added, rule-modified]
              - regions: [us-gov-west-1]
            allow:
              - name: office https
                direction: ingress
                protocol: tcp
                ports: 443
                sources: [203.0.113.7/24, 2001:db8::/32, pl-0123456789abcdef0, sg-0fedcba9876543210, self]
              - protocol: 6
                ports: [80, 8000-8100]
                sources: self
            exempt:
              - name: terraform
                principals: ["arn:aws:iam::111122223333:role/terraform"]
              - principals: "arn:*"
                groups: [sg-0a1b2c3d4e5f60718]
                until: 2026-12-01T00:00:00Z
            limits:
              reverts_per_rule_per_hour: 5
            notify:
              topic_arn: arn:aws:sns:eu-west-1:111122223333:sg-revert
              on: [reverted, failed, suppressed]
            """
        let policy = try PolicyDocument(text: text, path: "dir/policy.yaml").policy
        let office = Allow(
            name: "office https",
            direction: .ingress,
            ipProtocol: .tcp,
            ports: [PortRange(from: 443, to: 443)],
            sources: [
                .cidr(try #require(CIDRBlock("203.0.113.0/24"))), .cidr(try #require(CIDRBlock("2001:db8::/32"))),
                .prefixList("pl-0123456789abcdef0"), .group("sg-0fedcba9876543210"), .itself,
            ],
            origin: #"policy.yaml:12 allow "office https""#
        )
        let expected = Policy(
            watch: [
                Watch(
                    groups: ["sg-0a1b2c3d4e5f60718"],
                    changes: [.ingressAdded],
                    origin: "policy.yaml:3 watch"
                ),
                Watch(
                    vpcs: ["vpc-0123456789abcdef0"],
                    tags: ["sg-revert": "enforce"],
                    accounts: ["111122223333"],
                    regions: ["eu-west-1"],
                    changes: [.ingressAdded, .egressAdded, .ruleModified],
                    origin: "policy.yaml:5 watch"
                ),
                Watch(regions: ["us-gov-west-1"], origin: "policy.yaml:10 watch"),
            ],
            allow: [
                office,
                Allow(
                    ipProtocol: .tcp,
                    ports: [PortRange(from: 80, to: 80), PortRange(from: 8000, to: 8100)],
                    sources: [.itself],
                    origin: "policy.yaml:17 allow"
                ),
            ],
            exempt: [
                Exemption(
                    name: "terraform",
                    principals: ["arn:aws:iam::111122223333:role/terraform"],
                    origin: #"policy.yaml:21 exempt "terraform""#
                ),
                Exemption(
                    principals: ["arn:*"],
                    groups: ["sg-0a1b2c3d4e5f60718"],
                    until: Date(timeIntervalSince1970: 1_796_083_200),
                    origin: "policy.yaml:23 exempt"
                ),
            ],
            revertsPerRulePerHour: 5,
            topicARN: "arn:aws:sns:eu-west-1:111122223333:sg-revert",
            notifyOn: [.reverted, .failed, .suppressed],
            digest: policy.digest
        )
        #expect(policy == expected)
    }

    @Test func `the shipped example has neither errors nor warnings`() throws {
        let file = try PolicyDocument(path: repository.appending(path: "infra/policy.example.yaml").path)
        #expect(file.warnings(at: Date(timeIntervalSince1970: 1_796_083_200)) == [])
        #expect(
            file.policy.watch.count == 3 && file.policy.allow.count == 4 && file.policy.forbid.count == 3
                && file.policy.exempt.count == 4
        )
    }

    @Test(arguments: [
        ("", #"1:1: the file is empty; a policy needs "version: 1" and "watch""#),
        (
            "[]",
            "1:1: the policy must be a mapping with some of the keys version, watch, allow, forbid, "
                + "exempt, limits, expand_prefix_lists, notify"
        ),
        ("version: 1", "1:1: watch is missing; say which groups are watched"),
        ("watch: []", #"1:1: version is missing; add "version: 1""#),
        ("version: 2\nwatch: []", #"1:10: version "2" is not known; this program reads version 1"#),
        ("version: 1\nwatch: []\nalow: []", #"3:1: unknown key "alow" in the policy; did you mean "allow"?"#),
        ("version: 1\nwatch: {}", "2:8: watch must be a list"),
        ("version: 1\nwatch: []\nversion: 1", #"1:1: "version" is set twice; keep one"#),
        ("version: 1\nwatch: [", "3:1: not YAML: did not find expected node content"),
        (
            "version: 1\nwatch: [::/0]",
            #"2:9: not YAML: did not find expected node content; put addresses like "::/0" in quotes"#
        ),
        ("version: 1\nwatch: \u{1}", "2:8: not YAML: a character that YAML does not admit"),
        ("a: 1\n---\nb: 2", "2:1: not YAML: but found another document"),
    ])
    func `a file as a whole can be wrong`(text: String, error: String) {
        #expect(errors(text) == ["dir/policy.yaml:\(error)"])
    }

    @Test(arguments: [
        ("groups: [sg-1]", #"3:14: "sg-1" is not a security group id, such as sg-0a1b2c3d4e5f60718"#),
        ("groups: [[x]]", "3:14: groups must be a plain value"),
        ("groups:", "3:12: groups is empty; give it a value or leave it out"),
        ("vpcs: [vpc-xyz]", #"3:12: "vpc-xyz" is not a VPC id, such as vpc-0123456789abcdef0"#),
        ("tags: x", "3:11: tags must be a mapping of tag keys to values, such as { sg-revert: enforce }"),
        ("tags: {a: ~}", #"3:15: the value of tag "a" must be a plain value; write "" for an empty one, "*" for any"#),
        ("accounts: [12]", #"3:16: "12" is not an account number of 12 digits"#),
        ("regions: [eu-west]", #"3:15: "eu-west" is not a Region, such as eu-west-1"#),
        ("changes: [ingress-aded]", #"3:15: unknown change "ingress-aded"; did you mean "ingress-added"?"#),
        (
            "changes: [all]",
            #"3:15: unknown change "all"; known are ingress-added, egress-added, rule-modified, "#
                + "ingress-removed, egress-removed"
        ),
        ("group: []", #"3:5: unknown key "group" in a watch entry; did you mean "groups"?"#),
        (
            "\"\\e[31m\": 1",
            #"3:5: unknown key "\u{1B}[31m" in a watch entry; known are groups, names, vpcs, tags, "#
                + "accounts, regions, changes, action, baseline"
        ),
    ])
    func `a watch entry can be wrong`(entry: String, error: String) {
        #expect(errors("version: 1\nwatch:\n  - \(entry)") == ["dir/policy.yaml:\(error)"])
    }

    @Test(arguments: [
        ("protocol: tcp, ports: 8100-8000", #"the range "8100-8000" is reversed; write 8000-8100"#),
        (
            "protocol: tcp, ports: 65536",
            #""65536" is not a port or a range of ports from 0 to 65535, such as 443 or 8000-8100"#
        ),
        (
            "protocol: udp, ports: [53, 1-2-3]",
            #""1-2-3" is not a port or a range of ports from 0 to 65535, such as 443 or 8000-8100"#
        ),
        (
            "protocol: icmp, ports: 8-0",
            #""8-0" is not an ICMP type, such as 8, or type and code, such as 3/4"#
        ),
        ("protocol: tcp, ports: []", "ports is empty; leave it out to mean all ports"),
        ("ports: 22", "ports need a protocol that has them: tcp, udp, icmp or icmpv6"),
        ("protocol: -1, ports: 22", "ports need a protocol that has them: tcp, udp, icmp or icmpv6"),
        ("protocol: tpc", #"unknown protocol "tpc"; did you mean "tcp"?"#),
        ("direction: inbound", #"unknown direction "inbound"; known are ingress, egress"#),
        ("nmae: x", #"unknown key "nmae" in an allow entry; did you mean "name"?"#),
    ])
    func `an allow entry can be wrong`(entry: String, message: String) {
        let found = errors("version: 1\nwatch: []\nallow:\n  - {sources: [self], \(entry)}")
        #expect(found.map { $0.split(separator: ":", maxSplits: 3).map(String.init)[3] } == [" \(message)"])
        #expect(found.allSatisfy { $0.hasPrefix("dir/policy.yaml:4:") })
    }

    @Test(arguments: [
        ("10.0.0.0/33", ""), ("10.0.0", ""), ("2001:db8::/129", ""), ("sg-xyz", ""), ("pl-1", ""), ("any", ""),
        ("slf", #"; did you mean "self"?"#),
    ])
    func `a source can be wrong`(source: String, hint: String) {
        let text = "version: 1\nwatch: []\nallow:\n  - sources: [\"\(source)\"]"
        #expect(
            errors(text) == [
                "dir/policy.yaml:4:15: \"\(source)\" is not a CIDR block, a prefix list (pl-…), "
                    + "a security group (sg-…), self, any-group or any-prefix-list\(hint)"
            ]
        )
    }

    @Test(arguments: [
        "2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z", "2026-12-01", "2026-12-01T24:00:00Z", "2026-12-01T00:00:60Z",
        "2025-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "tomorrow", "1796083200", "2026-12-01T00:00:00",
        "２０26-12-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-12-00T00:00:00Z",
    ])
    func `an end must be a time that exists`(until: String) throws {
        let text = "version: 1\nwatch: []\nexempt:\n  - principals: [\"*\"]\n    until: \(until)"
        #expect(
            errors(text) == [
                "dir/policy.yaml:5:12: \"\(until)\" is not a time that exists in the form 2026-12-01T00:00:00Z"
            ]
        )
    }

    @Test(arguments: [
        ("2026-12-01T00:00:00Z", 1_796_083_200.0), ("2026-12-01t00:00:00z", 1_796_083_200),
        ("2026-12-01 00:00:00Z", 1_796_083_200), ("2026-12-01T01:00:00+01:00", 1_796_083_200),
        ("2026-12-01T00:00:00.250Z", 1_796_083_200.25), ("2024-02-29T00:00:00Z", 1_709_164_800),
    ])
    func `an end is RFC 3339`(until: String, seconds: Double) throws {
        let file = try read("exempt:\n  - principals: [\"*\"]\n    until: \(until)")
        #expect(file.policy.exempt[0].until?.timeIntervalSince1970 == seconds)
    }

    @Test(arguments: [
        (
            "exempt:\n  - name: x",
            "5:5: principals is missing; say who is exempt, by the ARNs of roles or users, or by invoked_by or "
                + "source_identity"
        ),
        ("allow:\n  - name: x", #"5:5: sources is missing; write [0.0.0.0/0, "::/0"] if every address is meant"#),
        ("allow:\n  - sources: []", "5:14: sources is empty: the entry allows nothing"),
        (
            "limits: {reverts_per_rule_per_hour: 0}",
            #"4:37: "0" is not a whole number from 1 to 1000000; leave it out for no limit"#
        ),
        ("notify: {on: [revert]}", #"4:15: unknown outcome "revert"; did you mean "reverted"?"#),
        (
            "notify: {topic_arn: x}",
            #"4:21: "x" is not an SNS topic's ARN, such as arn:aws:sns:eu-west-1:111122223333:sg-revert"#
        ),
    ])
    func `the other sections can be wrong`(section: String, error: String) {
        let text = "version: 1\nwatch:\n  - changes: [ingress-added]\n\(section)"
        #expect(errors(text) == ["dir/policy.yaml:\(error)"])
    }

    @Test(arguments: [
        ("- sources: []", "sources is empty: the entry forbids nothing; leave it out to mean every source"),
        ("- wider_than: {}", "wider_than is empty; write { ipv4: 24, ipv6: 48 }"),
        ("- wider_than: {ipv4: 33}", #""33" is not the length of a prefix from 1 to 32"#),
        ("- wider_than: {ipv6: x}", #""x" is not the length of a prefix from 1 to 128"#),
        ("- wider_than: {ip: 5}", #"unknown key "ip" in wider_than; did you mean "ipv4"?"#),
        ("- sources: [publik]", nil), ("- widerthan: 5", nil),
    ])
    func `a forbid entry can be wrong`(entry: String, message: String?) {
        let found = errors("version: 1\nwatch: []\nforbid:\n  \(entry)")
        #expect(found.count == 1)
        if let message { #expect(found.first?.hasSuffix(message) == true, "\(found)") }
        #expect(found.allSatisfy { $0.hasPrefix("dir/policy.yaml:4:") })
    }

    @Test(arguments: [
        (
            "notify: {topic_arn: \"arn:aws:sns:eu-west-1:111122223333:t.fifo\"}",
            #""arn:aws:sns:eu-west-1:111122223333:t.fifo" is a FIFO topic; notifications go to a standard topic"#
        ),
        ("notify: {on: failed, outcomes: [failed]}", #""on" and "outcomes" are two spellings of one key; keep one"#),
        ("expand_prefix_lists: maybe", #"unknown expand_prefix_lists "maybe"; known are true, false"#),
        ("watch: [{action: revrt}]", #"unknown action "revrt"; did you mean "revert"?"#),
        ("watch: [{baseline: none}]", #"unknown baseline "none"; known are first-sight, policy"#),
        (
            "allow: [{sources: [public]}]",
            #""public" can only be forbidden; to allow every address write [0.0.0.0/0, "::/0"]"#
        ),
        ("exempt: [{principals: x, then: stay}]", #"unknown then "stay"; known are revert, leave"#),
        ("exempt: [{principals: x, remind: soon}]", #""soon" is not a duration, such as 90s, 15m, 24h or 30d"#),
        ("limits: {reverts_per_hor: 5}", #"unknown key "reverts_per_hor" in limits; did you mean "reverts_per_hour"?"#),
    ])
    func `the newer keys can be wrong`(section: String, message: String) {
        let watch = section.hasPrefix("watch") ? "" : "watch: []\n"
        #expect(errors("version: 1\n\(watch)\(section)").map { $0.hasSuffix(message) } == [true])
    }

    @Test func `the newer keys are read`() throws {
        let policy = try PolicyDocument(
            text: """
                version: 1
                watch:
                  - names: ["web-*", default]
                    tags: { team: "*" }
                    action: report
                    baseline: policy
                forbid:
                  - name: world
                    direction: ingress
                    sources: [public, any-group, any-prefix-list]
                    wider_than: { ipv4: 24, ipv6: 48 }
                exempt:
                  - invoked_by: [eks.amazonaws.com]
                    source_identity: mia
                    until: 2026-12-01T00:00:00Z
                    then: revert
                    remind: 15m
                limits:
                  reverts_per_rule_per_hour: 5
                  reverts_per_group_per_hour: 200
                  reverts_per_hour: 1000
                expand_prefix_lists: true
                notify:
                  outcomes: [failed, not-restored]
                """,
            path: "policy.yaml"
        ).policy
        let expected = Policy(
            watch: [
                Watch(
                    names: ["web-*", "default"],
                    tags: ["team": "*"],
                    action: .report,
                    baseline: .policy,
                    origin: "policy.yaml:3 watch"
                )
            ],
            forbid: [
                Forbid(
                    name: "world",
                    direction: .ingress,
                    sources: [.publicAddresses, .anyGroup, .anyPrefixList],
                    widerThanIPv4: 24,
                    widerThanIPv6: 48,
                    origin: #"policy.yaml:8 forbid "world""#
                )
            ],
            exempt: [
                Exemption(
                    invokedBy: ["eks.amazonaws.com"],
                    sourceIdentity: ["mia"],
                    until: Date(timeIntervalSince1970: 1_796_083_200),
                    then: .revert,
                    remind: .seconds(900),
                    origin: "policy.yaml:13 exempt"
                )
            ],
            revertsPerRulePerHour: 5,
            revertsPerGroupPerHour: 200,
            revertsPerHour: 1000,
            expandPrefixLists: true,
            notifyOn: [.failed, .notRestored],
            digest: policy.digest
        )
        #expect(policy == expected)
    }

    @Test func `the digest is that of the text`() throws {
        let text = "version: 1\nwatch: []\n"
        let digest = try PolicyDocument(text: text, path: "").policy.digest
        #expect(digest.count == 64)
        #expect(try PolicyDocument(text: text, path: "other").policy.digest == digest)
        #expect(try PolicyDocument(text: text + "#", path: "").policy.digest != digest)
    }

    @Test(arguments: ["\u{202E}", "\u{200B}", "\u{61C}", "\u{FEFF}", "\u{E0041}", "\u{9B}"])
    func `names are quoted without characters that do something to a terminal`(character: String) {
        let found = errors("version: 1\nwatch: []\n\"a\(character)b\": 1")
        #expect(found.count == 1)
        #expect(found.allSatisfy { !$0.contains(character) })
    }

    @Test func `all errors are told, in the order of the file`() {
        let text = "version: 3\nwatch:\n  - groups: [a, b]\nexempt: 5\nfoo: 1"
        #expect(
            errors(text).map { $0.split(separator: " ")[0] }
                == ["1:10:", "3:14:", "3:17:", "4:9:", "5:1:"].map { "dir/policy.yaml:\($0)" }
        )
    }

    @Test func `a folder, a dead link and bytes are told apart`() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "policy-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        func message(_ path: String) -> String? {
            let error = #expect(throws: InvalidPolicy.self) { try PolicyDocument(path: path) }
            return error?.problems.first?.message
        }
        #expect(message(folder.path) == "is a folder; give the file in it")
        let link = folder.appending(path: "link").path
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "nowhere")
        #expect(message(link) == "is a symbolic link to a file that does not exist")
        let bytes = folder.appending(path: "bytes")
        try Data([0xFF, 0xFE, 0xC3]).write(to: bytes)
        #expect(message(bytes.path) == "is not UTF-8 text")
    }

    @Test func `a file that cannot be read says so`() throws {
        let error = #expect(throws: InvalidPolicy.self) { try PolicyDocument(path: "/nonexistent/policy.yaml") }
        #expect(
            error?.description
                == "/nonexistent/policy.yaml:1:1: does not exist; check the path"
        )
    }
}

/// The root of the checkout.
let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
