import Testing

@testable import AWSClient

@Suite struct EC2ClientTests {
    private func client(_ answers: ScriptedTransport.Answer...) throws -> (EC2Client, ScriptedTransport) {
        let transport = ScriptedTransport(answers)
        let region = try #require(AWSRegion("us-east-1"))
        return (try AWSSession.scripted(transport).ec2(region: region), transport)
    }

    private static func page(_ items: String, token: String? = nil) -> ScriptedTransport.Answer {
        .answer(
            200,
            "<DescribeSecurityGroupRulesResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>r</requestId>"
                + "<securityGroupRuleSet>\(items)</securityGroupRuleSet>"
                + (token.map { "<nextToken>\($0)</nextToken>" } ?? "") + "</DescribeSecurityGroupRulesResponse>"
        )
    }

    private static func item(_ id: String, _ rest: String = "") -> String {
        "<item><securityGroupRuleId>\(id)</securityGroupRuleId><groupId>sg-1</groupId><groupOwnerId>111122223333"
            + "</groupOwnerId><isEgress>false</isEgress><ipProtocol>tcp</ipProtocol>\(rest)</item>"
    }

    @Test func `reads the rules of every page`() async throws {
        let first = Self.item(
            "sgr-1",
            "<fromPort>22</fromPort><toPort>23</toPort><cidrIpv4>10.0.0.0/8</cidrIpv4><description> a &amp; b</description><tagSet/>"
        )
        let second = Self.item(
            "sgr-2",
            "<fromPort>-1</fromPort><toPort>-1</toPort><referencedGroupInfo><groupId>sg-2</groupId><userId>1</userId>"
                + "</referencedGroupInfo>"
        )
        let third =
            Self.item("sgr-3", "<cidrIpv6>::/0</cidrIpv6>") + Self.item("sgr-4", "<prefixListId>pl-1</prefixListId>")
        let (client, transport) = try client(
            Self.page(first, token: "t&amp;1"),
            Self.page(second, token: "t2"),
            Self.page(third, token: "")
        )
        let rules = try await client.describeSecurityGroupRules(filters: [
            EC2Filter(name: "security-group-rule-id", values: ["sgr-1", "sgr-2"]),
            EC2Filter(name: "group-id", values: ["sg-1"]),
        ])
        #expect(rules.map(\.securityGroupRuleID) == ["sgr-1", "sgr-2", "sgr-3", "sgr-4"])
        #expect(
            rules[0]
                == DescribedSecurityGroupRule(
                    securityGroupRuleID: "sgr-1",
                    groupID: "sg-1",
                    groupOwnerID: "111122223333",
                    isEgress: false,
                    ipProtocol: "tcp",
                    fromPort: 22,
                    toPort: 23,
                    cidrIPv4: "10.0.0.0/8",
                    description: " a & b"
                )
        )
        #expect(rules[1].fromPort == -1)
        #expect(rules[1].referencedGroupID == "sg-2")
        #expect(rules[2].cidrIPv6 == "::/0")
        #expect(rules[2].fromPort == nil)
        #expect(rules[3].prefixListID == "pl-1")

        let bodies = transport.requests.map(\.text)
        #expect(
            bodies[0] == "Action=DescribeSecurityGroupRules&Version=2016-11-15&Filter.1.Name=security-group-rule-id"
                + "&Filter.1.Value.1=sgr-1&Filter.1.Value.2=sgr-2&Filter.2.Name=group-id&Filter.2.Value.1=sg-1&MaxResults=1000"
        )
        #expect(bodies[1] == bodies[0] + "&NextToken=t%261")
        #expect(transport.requests[0].url.text == "https://ec2.us-east-1.amazonaws.com/")
    }

    @Test func `does not take an unknown answer for a group without rules`() async throws {
        for answer in [
            ScriptedTransport.Answer.answer(200, "<Other/>"), Self.page("<item/>"),
            Self.page("<item><securityGroupRuleId>sgr-1</securityGroupRuleId></item>"),
        ] {
            let (client, _) = try client(answer)
            await #expect(throws: AWSClientError.self) { try await client.describeSecurityGroupRules(filters: []) }
        }
    }

    @Test func `does not turn in a circle of pages`() async throws {
        let (client, transport) = try client(
            Self.page("", token: "t"),
            Self.page("", token: "u"),
            Self.page("", token: "t"),
            Self.page("")
        )
        await #expect(throws: AWSClientError.self) { try await client.describeSecurityGroupRules(filters: []) }
        #expect(transport.requests.count == 3)
    }

    @Test func `revokes by rule id and reads what was proved`() async throws {
        let (client, transport) = try client(
            .answer(
                200,
                "<RevokeSecurityGroupIngressResponse><requestId>r-1</requestId><return>true</return>"
                    + "<revokedSecurityGroupRuleSet><item><securityGroupRuleId>sgr-1</securityGroupRuleId></item><item>"
                    + "<securityGroupRuleId>sgr-2</securityGroupRuleId></item></revokedSecurityGroupRuleSet>"
                    + "</RevokeSecurityGroupIngressResponse>"
            ),
            .answer(
                200,
                "<RevokeSecurityGroupEgressResponse><requestId>r-2</requestId><return>true</return><unknownIpPermissionSet>"
                    + "<item/></unknownIpPermissionSet></RevokeSecurityGroupEgressResponse>"
            )
        )
        #expect(
            try await client.revokeSecurityGroupIngress(groupID: "sg-1", securityGroupRuleIDs: ["sgr-1", "sgr-2"])
                == RevokeSecurityGroupResult(isReturned: true, revokedRuleIDs: ["sgr-1", "sgr-2"], requestID: "r-1")
        )
        #expect(
            try await client.revokeSecurityGroupEgress(groupID: "sg-1", securityGroupRuleIDs: ["sgr-3"])
                == RevokeSecurityGroupResult(isReturned: true, hasUnknownPermissions: true, requestID: "r-2")
        )
        #expect(
            transport.requests.map(\.text) == [
                "Action=RevokeSecurityGroupIngress&Version=2016-11-15&GroupId=sg-1&SecurityGroupRuleId.1=sgr-1"
                    + "&SecurityGroupRuleId.2=sgr-2",
                "Action=RevokeSecurityGroupEgress&Version=2016-11-15&GroupId=sg-1&SecurityGroupRuleId.1=sgr-3",
            ]
        )
    }

    @Test func `reads the entries of a prefix list`() async throws {
        let (client, transport) = try client(
            .answer(
                200,
                "<R><entrySet><item><cidr>10.0.0.0/8</cidr></item></entrySet><nextToken>t</nextToken></R>"
            ),
            .answer(200, "<R><entrySet><item><cidr>192.0.2.0/24</cidr></item></entrySet></R>")
        )
        #expect(
            try await client.getManagedPrefixListEntries(prefixListID: "pl-1")
                == ["10.0.0.0/8", "192.0.2.0/24"]
        )
        #expect(
            transport.requests[0].text
                == "Action=GetManagedPrefixListEntries&Version=2016-11-15&PrefixListId=pl-1&MaxResults=100"
        )
    }

    @Test func `tells the id of each call, and waits before each further page`() async throws {
        let (client, transport) = try client(Self.page("", token: "t"), Self.page("", token: "u"), Self.page(""))
        var ids: [String] = []
        var turns: [Int] = []
        _ = try await client.describeSecurityGroupRules(
            filters: [],
            answered: { ids.append($0) },
            turning: { turns.append(transport.requests.count) }
        )
        #expect(ids == ["r", "r", "r"])
        // Before the second and the third request.
        #expect(turns == [1, 2])
    }

    @Test func `asks for no further page where the wait for it fails`() async throws {
        let (client, transport) = try client(Self.page("", token: "t"), Self.page(""))
        await #expect(throws: CancellationError.self) {
            try await client.describeSecurityGroupRules(filters: [], turning: { throw CancellationError() })
        }
        #expect(transport.requests.count == 1)
    }

    @Test func `fails as a whole where a later page fails`() async throws {
        let denied = "<Response><Errors><Error><Code>UnauthorizedOperation</Code></Error></Errors></Response>"
        let (client, _) = try client(Self.page(Self.item("sgr-1"), token: "t"), .answer(403, denied))
        await #expect(throws: AWSServiceError.self) { try await client.describeSecurityGroupRules(filters: []) }
    }

    @Test(arguments: ["securityGroupRuleId", "groupId", "isEgress", "ipProtocol"])
    func `reads no rule without a field that every rule has`(field: String) async throws {
        let item = Self.item("sgr-1").replacing("<\(field)>", with: "<other>").replacing(
            "</\(field)>",
            with: "</other>"
        )
        let (client, _) = try client(Self.page(item))
        let error = await #expect(throws: AWSClientError.self) {
            try await client.describeSecurityGroupRules(filters: [])
        }
        #expect(error?.description.contains("an element of securityGroupRuleSet lacks what all have") == true)
    }

    @Test func `reads a rule's peer in another account, its tags and its direction`() async throws {
        let rest = """
            <referencedGroupInfo><groupId>sg-2</groupId><userId>444455556666</userId></referencedGroupInfo><tagSet>\
            <item><key>k</key><value>v</value></item><item><key>empty</key></item><item><value>x</value></item>\
            <item><key>k</key><value>later</value></item></tagSet><description></description>
            """
        let item = Self.item("sgr-1", rest).replacing(">false<", with: ">true<")
        let (client, _) = try client(Self.page(item))
        let rule = try #require(try await client.describeSecurityGroupRules(filters: []).first)
        #expect(rule.isEgress)
        #expect(rule.referencedGroupOwnerID == "444455556666")
        #expect(rule.tags == ["k": "v", "empty": ""])
        #expect(rule.description == "")
    }

    @Test func `does not take a revoke for done that proves nothing`() async throws {
        let (client, _) = try client(.answer(200, "<R><return>false</return></R>", ["x-amzn-requestid": "h"]))
        let result = try await client.revokeSecurityGroupIngress(groupID: "sg-1", securityGroupRuleIDs: ["sgr-1"])
        #expect(result == RevokeSecurityGroupResult(isReturned: false, requestID: "h"))
    }

    @Test func `names the group that does not exist`() async throws {
        let gone = "<Response><Errors><Error><Code>InvalidGroup.NotFound</Code></Error></Errors></Response>"
        let (client, _) = try client(.answer(400, gone))
        let error = await #expect(throws: AWSServiceError.self) {
            try await client.revokeSecurityGroupEgress(groupID: "sg-1", securityGroupRuleIDs: ["sgr-1"])
        }
        #expect(error?.description.hasPrefix("security group sg-1 does not exist: check its id and Region") == true)
    }

    @Test func `says that a page or a prefix list's entry is not what EC2 writes`() async throws {
        for (body, reason) in [
            ("<R/>", "there is no entrySet"), ("<R><entrySet><item/></entrySet></R>", "lacks what all"),
        ] {
            let (client, _) = try client(.answer(200, body))
            let error = await #expect(throws: AWSClientError.self) {
                try await client.getManagedPrefixListEntries(prefixListID: "pl-1")
            }
            #expect(error?.description.contains("GetManagedPrefixListEntries") == true)
            #expect(error?.description.contains(reason) == true)
        }
    }
}
