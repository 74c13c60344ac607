import Foundation
import SecurityGroups
import TestSupport
import Testing

@Suite struct UndoCommandTests {
    /// The words that a POSIX shell makes of `command`.
    private func words(of command: String) throws -> [String] {
        let shell = try ChildProcess.run(
            URL(filePath: "/bin/sh"),
            ["-c", "aws() { printf '%s\\0' \"$@\"; }; \(command)"]
        )
        #expect(shell.exitCode == 0)
        return shell.output.split(separator: "\0").map(String.init)
    }

    @Test func `the command is the one of the AWS CLI`() throws {
        let live = try Fixture.live(description: "ssh")
        #expect(
            undoCommand(for: .revoked(live), region: "eu-west-1")
                == "aws ec2 authorize-security-group-ingress --region eu-west-1 --group-id sg-0a1b2c3d4e5f60718"
                + #" --ip-permissions '[{"IpProtocol":"tcp","FromPort":22,"ToPort":22,"#
                + #""IpRanges":[{"CidrIp":"0.0.0.0/0","Description":"ssh"}]}]'"#
        )
    }

    @Test func `a rule gets its tags back, and of another account's group the account is named`() throws {
        let live = LiveRule(
            id: try Fixture.ruleID(),
            groupID: try Fixture.group(),
            rule: Fixture.rule(.egress, .all, port: nil, from: .group("sg-0fedcba9876543210")),
            ruleDescription: nil,
            peerOwner: "999988887777",
            tags: ["b": "it's", "a": ""]
        )
        let words = try words(of: undoCommand(for: .revoked(live), region: "eu-west-1"))
        #expect(words[1] == "authorize-security-group-egress")
        #expect(
            words.suffix(4) == [
                "--ip-permissions",
                #"[{"IpProtocol":"-1","UserIdGroupPairs":[{"GroupId":"sg-0fedcba9876543210","UserId":"999988887777"}]}]"#,
                "--tag-specifications",
                #"[{"ResourceType":"security-group-rule","#
                    + #""Tags":[{"Key":"a","Value":""},{"Key":"b","Value":"it's"}]}]"#,
            ]
        )
    }

    @Test(arguments: [
        ("10.0.0.0/8", "CidrIpv4"), ("2001:db8::/32", "CidrIpv6"), ("pl-0123456789abcdef0", "PrefixListId"),
        ("sg-0fedcba9876543210", "ReferencedGroupId"),
    ])
    func `what was restored gets what it had been given`(peer: String, key: String) throws {
        let live = try Fixture.live(1, Fixture.rule(from: Peer(peer)), description: "it's")
        let words = try words(of: undoCommand(for: .restored(live), region: "eu-west-1"))
        #expect(words[1] == "modify-security-group-rules")
        #expect(
            words.suffix(2) == [
                "--security-group-rules",
                #"[{"SecurityGroupRuleId":"\#(live.id)","SecurityGroupRule":{"IpProtocol":"tcp","FromPort":22,"ToPort":22,"#
                    + #""\#(key)":"\#(peer)","Description":"it's"}}]"#,
            ]
        )
    }

    @Test func `what was put back goes by its id`() throws {
        let command = undoCommand(
            for: .putBack(try Fixture.ruleID(), .egress, try Fixture.group()),
            region: "eu-west-1"
        )
        #expect(
            command == "aws ec2 revoke-security-group-egress --region eu-west-1 --group-id sg-0a1b2c3d4e5f60718"
                + " --security-group-rule-ids sgr-00000000000000001"
        )
    }

    @Test(arguments: [
        "it's", "''", #""quoted""#, "$(touch /tmp/x)", "`id`", "a\nb", "\\", #"\'"#, "'; exit 1; '", "é € 😀",
        "'\u{301}; exit 1 #", "\u{7F}\u{0}",
        "!!", "", "*", "-- #",
    ])
    func `a shell makes one word of the rule, whatever its description`(text: String) throws {
        let command = undoCommand(
            for: .revoked(try Fixture.live(description: text)),
            region: "eu-west-1"
        )
        #expect(command.utf8.allSatisfy { (0x20...0x7E).contains($0) })
        let words = try words(of: command)
        #expect(
            words.dropLast()
                == [
                    "ec2", "authorize-security-group-ingress", "--region", "eu-west-1", "--group-id",
                    "sg-0a1b2c3d4e5f60718",
                    "--ip-permissions",
                ]
        )
        let permissions = try JSONDecoder().decode([Permission].self, from: Data(try #require(words.last).utf8))
        #expect(permissions.first?.ranges.first?.description == text)
    }

    @Test(arguments: ["eu west", "'\u{301}; exit 1 #", "$(exit 1)", "x\u{2028}y"])
    func `a shell makes one word of the region`(region: String) throws {
        let words = try words(of: undoCommand(for: .revoked(Fixture.live()), region: region))
        #expect(words[3].unicodeScalars.elementsEqual(region.unicodeScalars))
        #expect(words.count == 8)
    }

    @Test(
        arguments: [
            (Peer.prefixList("pl-1234abcd"), #""PrefixListIds":[{"PrefixListId":"pl-1234abcd"}]"#),
            (.group("sg-0a1b2c3d"), #""UserIdGroupPairs":[{"GroupId":"sg-0a1b2c3d"}]"#),
            (.groupName("web"), #""UserIdGroupPairs":[{"GroupName":"web"}]"#),
            (CIDRBlock("::/0").map(Peer.cidr), #""Ipv6Ranges":[{"CidrIpv6":"::/0"}]"#),
        ] as [(Peer?, String)]
    )
    func `each kind of peer has its list`(peer: Peer?, json: String) throws {
        let known: Peer = try #require(peer)
        let live = try Fixture.live(1, Fixture.rule(from: known))
        #expect(undoCommand(for: .revoked(live), region: "eu-west-1").contains(json))
    }

    @Test func `all traffic has no ports, and an egress rule comes back as one`() throws {
        let command = undoCommand(
            for: .revoked(try Fixture.live(1, Fixture.rule(.egress, .all))),
            region: "eu-west-1"
        )
        #expect(command.hasPrefix("aws ec2 authorize-security-group-egress "))
        #expect(command.contains(#"[{"IpProtocol":"-1","IpRanges""#))
    }
}

/// The part of an AWS `IpPermission` in which the description stands.
private struct Permission: Decodable {
    struct Range: Decodable {
        let description: String

        enum CodingKeys: String, CodingKey {
            case description = "Description"
        }
    }

    let ranges: [Range]

    enum CodingKeys: String, CodingKey {
        case ranges = "IpRanges"
    }
}
