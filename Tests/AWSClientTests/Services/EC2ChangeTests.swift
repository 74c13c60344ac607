import Testing

@testable import AWSClient

/// EC2Client adds and changes rules.
@Suite struct EC2ChangeTests {
    private func client(_ answer: String) throws -> (EC2Client, ScriptedTransport) {
        let transport = ScriptedTransport([.answer(200, "<R><requestId>r</requestId>\(answer)</R>")])
        let region = try #require(AWSRegion("us-east-1"))
        return (try AWSSession.scripted(transport).ec2(region: region), transport)
    }

    private static let added =
        "<return>true</return><securityGroupRuleSet><item><securityGroupRuleId>sgr-1</securityGroupRuleId></item>"
        + "</securityGroupRuleSet>"

    private var rule: EC2RuleRequest {
        var rule = EC2RuleRequest(ipProtocol: "tcp")
        rule.fromPort = 22
        rule.toPort = 23
        rule.description = "x"
        return rule
    }

    @Test(arguments: [
        "IpRanges.1.CidrIp", "Ipv6Ranges.1.CidrIpv6", "PrefixListIds.1.PrefixListId", "Groups.1.GroupId",
    ]
    )
    func `puts a rule with one peer into a group, and answers with its id`(name: String) async throws {
        let (client, transport) = try client(Self.added)
        var rule = rule
        switch name {
        case "IpRanges.1.CidrIp": rule.cidrIPv4 = "p"
        case "Ipv6Ranges.1.CidrIpv6": rule.cidrIPv6 = "p"
        case "PrefixListIds.1.PrefixListId": rule.prefixListID = "p"
        default: rule.referencedGroupID = "p"
        }
        rule.referencedGroupOwnerID = "1"
        let answer = try await client.authorizeSecurityGroupEgress(groupID: "sg-1", rule)
        #expect(answer == EC2ChangeResult(addedRuleIDs: ["sgr-1"], requestID: "r"))
        let body = String(decoding: transport.requests[0].body, as: UTF8.self)
        let list = name.split(separator: ".")[0]
        let owner = list == "Groups" ? "&IpPermissions.1.Groups.1.UserId=1" : ""
        #expect(
            body == "Action=AuthorizeSecurityGroupEgress&Version=2016-11-15&GroupId=sg-1"
                + "&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=22&IpPermissions.1.ToPort=23"
                + "&IpPermissions.1.\(name)=p&IpPermissions.1.\(list).1.Description=x\(owner)"
        )
    }

    @Test func `gives a rule other content, with the ports of all where the protocol has none`() async throws {
        let (client, transport) = try client("<return>true</return>")
        var rule = EC2RuleRequest(ipProtocol: "-1")
        rule.cidrIPv6 = "::/0"
        let answer = try await client.modifySecurityGroupRules(groupID: "sg-1", securityGroupRuleID: "sgr-1", rule)
        #expect(answer.requestID == "r")
        let prefix = "SecurityGroupRule.1.SecurityGroupRule"
        #expect(
            String(decoding: transport.requests[0].body, as: UTF8.self)
                == "Action=ModifySecurityGroupRules&Version=2016-11-15&GroupId=sg-1"
                + "&SecurityGroupRule.1.SecurityGroupRuleId=sgr-1&\(prefix).IpProtocol=-1&\(prefix).FromPort=-1"
                + "&\(prefix).ToPort=-1&\(prefix).CidrIpv6=%3A%3A%2F0"
        )
    }

    @Test func `reads groups with their VPC and tags`() async throws {
        let (client, _) = try client(
            "<securityGroupInfo><item><ownerId>1</ownerId><groupId>sg-1</groupId><vpcId>vpc-1</vpcId><tagSet><item>"
                + "<key>k</key><value> v </value></item></tagSet></item><item><groupId>sg-2</groupId></item>"
                + "</securityGroupInfo>"
        )
        let groups = try await client.describeSecurityGroups(filters: [])
        #expect(
            groups == [
                DescribedSecurityGroup(groupID: "sg-1", ownerID: "1", vpcID: "vpc-1", tags: ["k": " v "]),
                DescribedSecurityGroup(groupID: "sg-2"),
            ]
        )
    }

    @Test func `leaves out ports and a description that a rule does not have`() async throws {
        let (client, transport) = try client("<return>true</return>")
        var rule = EC2RuleRequest(ipProtocol: "50")
        rule.cidrIPv4 = "192.0.2.0/24"
        let answer = try await client.authorizeSecurityGroupIngress(groupID: "sg-1", rule)
        // An implementation may answer without the rules that were added.
        #expect(answer == EC2ChangeResult(addedRuleIDs: [], requestID: "r"))
        #expect(
            transport.requests[0].text == "Action=AuthorizeSecurityGroupIngress&Version=2016-11-15&GroupId=sg-1"
                + "&IpPermissions.1.IpProtocol=50&IpPermissions.1.IpRanges.1.CidrIp=192.0.2.0%2F24"
        )
    }

    @Test(arguments: ["CidrIpv4", "PrefixListId", "ReferencedGroupId"])
    func `gives a rule a peer of any kind`(name: String) async throws {
        let (client, transport) = try client("")
        var rule = rule
        switch name {
        case "CidrIpv4": rule.cidrIPv4 = "p"
        case "PrefixListId": rule.prefixListID = "p"
        default: rule.referencedGroupID = "p"
        }
        _ = try await client.modifySecurityGroupRules(groupID: "sg-1", securityGroupRuleID: "sgr-1", rule)
        let prefix = "&SecurityGroupRule.1.SecurityGroupRule"
        #expect(
            transport.requests[0].text.hasSuffix(
                "\(prefix).FromPort=22\(prefix).ToPort=23\(prefix).\(name)=p\(prefix).Description=x"
            )
        )
    }

    @Test func `reads a group without an id as no group`() async throws {
        let (client, _) = try client("<securityGroupInfo><item><groupName>n</groupName></item></securityGroupInfo>")
        await #expect(throws: AWSClientError.self) { try await client.describeSecurityGroups(filters: []) }
    }
}
