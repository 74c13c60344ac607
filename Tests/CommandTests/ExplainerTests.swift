import CloudTrailEvents
import PolicyFile
import SecurityGroups
import Testing

@testable import sg_revert

@Suite struct ExplainerTests {
    private static let policy = """
        version: 1
        watch:
          - tags: { sg-revert: enforce }
            changes: [ingress-added, rule-modified, ingress-removed]
        allow:
          - { name: office, direction: ingress, protocol: tcp, ports: 443, sources: [203.0.113.0/24] }
        exempt:
          - { name: terraform, principals: ["arn:aws:iam::*:role/terraform"] }
        """

    private func explain(
        _ event: String,
        _ request: String,
        tags: [String: String]? = ["sg-revert": "enforce"],
        role: String = "admin",
        members: String = "",
        policy text: String = policy
    ) throws -> Explanation {
        let policy = try PolicyDocument(text: text, path: "policy.yaml").policy
        let record =
            #"{"eventID":"e-1","eventSource":"ec2.amazonaws.com","eventName":"\#(event)","awsRegion":"eu-west-1","#
            + #""userIdentity":{"type":"AssumedRole","sessionContext":{"sessionIssuer":"#
            + #"{"arn":"arn:aws:iam::111122223333:role/\#(role)"}}},"#
            + #""requestParameters":{"groupId":"sg-0a1b2c3d4e5f60718",\#(request)}\#(members)}"#
        let explainer = Explainer(
            policy: policy,
            group: GroupFacts(groupID: nil, account: nil, region: nil, tags: tags)
        )
        return try #require(try explainer.explain(DecodedMessage(body: record)))
    }

    private func permission(_ port: Int, _ blocks: String...) -> String {
        let ranges = blocks.map { #"{"cidrIp":"\#($0)"}"# }.joined(separator: ",")
        return #""ipPermissions":{"items":[{"ipProtocol":"tcp","fromPort":\#(port),"toPort":\#(port),"#
            + #""ipRanges":{"items":[\#(ranges)]}}]}"#
    }

    private static let authorize = "AuthorizeSecurityGroupIngress"
    private var authorize: String { Self.authorize }

    @Test func `one rule to revert makes the event one to revert`() throws {
        let found = try explain(authorize, permission(443, "203.0.113.7/32", "0.0.0.0/0"))
        #expect(found.verdict == .revert)
        #expect(found.reason == "policy.yaml:3 watch")
        #expect(found.rules.map(\.decision) == [.allow, .revert])
        #expect(found.rules.map(\.reason) == [#"policy.yaml:6 allow "office""#, "policy.yaml:3 watch"])
    }

    @Test func `rules that may all stand make the event allowed`() throws {
        let allowed = try explain(authorize, permission(443, "203.0.113.7/32"))
        #expect(allowed.verdict == .allow)
        let exempt = try explain(authorize, permission(22, "0.0.0.0/0"), role: "terraform")
        #expect(exempt.verdict == .allow)
        #expect(exempt.rules.map(\.decision) == [.exempt])
    }

    @Test func `what the record does not hold is asked for`() throws {
        let found = try explain(authorize, permission(22, "0.0.0.0/0"), tags: nil)
        #expect(found.verdict == .undetermined)
        #expect(found.reason == "the policy needs the group's tags (--tag or --live)")
        #expect(found.rules.map(\.decision) == [nil])
    }

    @Test func `what is not for us is ignored, and the reason says why`() throws {
        let request = permission(22, "0.0.0.0/0")
        #expect(try explain(authorize, request, tags: [:]).reason == "not-watched")
        #expect(try explain("AuthorizeSecurityGroupEgress", request).reason == "not-watched")
        #expect(try explain("DeleteSecurityGroup", request).reason == "not-a-rule-change")
        let failed = try explain(authorize, request, members: #","errorCode":"Client.DryRunOperation""#)
        #expect(failed.verdict == .ignore)
        #expect(failed.reason == "call-failed")
        #expect(failed.rules.isEmpty)
    }

    @Test(arguments: [(["ingress-added"], Explanation.Verdict.allow), ([], .undetermined)])
    func `a modified rule is undetermined where its direction matters`(
        added: [String],
        verdict: Explanation.Verdict
    ) throws {
        let changes = (added + ["rule-modified", "ingress-removed"]).joined(separator: ", ")
        let policy = Self.policy.replacing("ingress-added, rule-modified, ingress-removed", with: changes)
        func modify(_ port: Int, _ block: String) throws -> Explanation {
            let rule = #"{"IpProtocol":"tcp","FromPort":\#(port),"ToPort":\#(port),"CidrIpv4":"\#(block)"}"#
            let update = #"{"SecurityGroupRuleId":"sgr-0a1b2c3d","SecurityGroupRule":\#(rule)}"#
            return try explain("ModifySecurityGroupRules", #""SecurityGroupRule":\#(update)"#, policy: policy)
        }
        #expect(try modify(22, "0.0.0.0/0").verdict == .revert)
        let open = try modify(443, "203.0.113.0/24")
        #expect(open.verdict == verdict)
        if verdict == .undetermined { #expect(open.reason == "the record does not tell the direction") }
    }

    @Test(arguments: [
        (authorize, #""ipPermissions":{}"#, #","awsRegion":"mars-1""#, "impossible"),
        (authorize, #""ipPermissions":{}"#, #","recipientAccountId":"12""#, "impossible"),
        (authorize, #""ipPermissions":{},"groupId":"sg-1""#, "", "impossible"),
        ("RevokeSecurityGroupIngress", #""securityGroupRuleIds":["sgr-x"]"#, "", "impossible"),
        (authorize, #""ipPermissions":{}"#, #","eventSource":"""#, "undecodable"),
        (authorize, #""ipPermissions":{}"#, #","detail":{}"#, "undecodable"),
        ("RevokeSecurityGroupIngress", #""ipPermissions":"x""#, "", "undecodable"),
    ])
    func `what the worker would not accept is a dead letter`(
        event: String,
        request: String,
        members: String,
        reason: String
    ) throws {
        let found = try explain(event, request, members: members)
        #expect(found.verdict == .deadLetter)
        #expect(found.reason == reason)
        #expect(found.detail != nil)
        #expect(found.row(withTrace: false).cells.map(\.column) == ["event_id", "decision", "reason", "detail"])
    }

    @Test func `an entry that only reports makes the event one to report`() throws {
        let policy = Self.policy.replacing("    changes:", with: "    action: report\n    changes:")
        let found = try explain(authorize, permission(22, "0.0.0.0/0"), policy: policy)
        #expect(found.verdict == .report)
        #expect(found.rules.map(\.decision) == [.revert])
        #expect(try explain(authorize, permission(443, "203.0.113.7/32"), policy: policy).verdict == .allow)
    }

    @Test func `a group's name is asked for, and given`() throws {
        let text = "version: 1\nwatch: [{ names: [\"web-*\"] }]"
        let asked = try explain(authorize, permission(22, "0.0.0.0/0"), policy: text)
        #expect(asked.reason == "the policy needs the group's name (--name or --live)")
        let policy = try PolicyDocument(text: text, path: "policy.yaml").policy
        let group = GroupFacts(groupID: nil, account: nil, region: nil, name: "web-1")
        let body =
            #"{"eventID":"e-1","eventSource":"ec2.amazonaws.com","eventName":"\#(Self.authorize)","#
            + #""awsRegion":"eu-west-1","requestParameters":"#
            + #"{"groupId":"sg-0a1b2c3d4e5f60718",\#(permission(22, "0.0.0.0/0"))}}"#
        #expect(try Explainer(policy: policy, group: group).explain(DecodedMessage(body: body))?.verdict == .revert)
    }

    @Test func `a prefix list that is judged by its entries needs them`() throws {
        let text = "version: 1\nwatch: [{ regions: [eu-west-1] }]\nexpand_prefix_lists: true"
        let request =
            #""ipPermissions":{"items":[{"ipProtocol":"tcp","fromPort":1,"toPort":1,"#
            + #""prefixListIds":{"items":[{"prefixListId":"pl-0a1b2c3d"}]}}]}"#
        let found = try explain(authorize, request, policy: text)
        #expect(found.verdict == .undetermined)
        #expect(found.reason == "the policy needs the entries of pl-0a1b2c3d (--live)")
    }

    @Test func `an event that is ignored names its group`() throws {
        let found = try explain("DeleteSecurityGroup", #""x":1"#)
        #expect(found.groupID == "sg-0a1b2c3d4e5f60718")
    }

    @Test func `a removal that is known by id alone is undetermined`() throws {
        let found = try explain("RevokeSecurityGroupIngress", #""securityGroupRuleIds":["sgr-0a1b2c3d"]"#)
        #expect(found.verdict == .undetermined)
        #expect(found.reason == "the record does not tell what the rule says")
    }

    @Test func `an event whose rules cannot be read is undetermined, and what is no event is nothing`() throws {
        let found = try explain(authorize, #""ipPermissions":{}"#)
        #expect(found.verdict == .undetermined)
        #expect(found.reason == "requestParameters: a successful call that names no rule")
        let explainer = Explainer(policy: .watching([]))
        #expect(try explainer.explain(DecodedMessage(body: "{}")) == nil)
        #expect(try explainer.explain(DecodedMessage(body: "x")) == nil)
    }

    @Test func `a row has the columns of the ledger's rules up to the reason`() throws {
        let row = try explain(authorize, permission(22, "0.0.0.0/0")).row(withTrace: false)
        #expect(row.cells.map(\.column) == ["event_id", "decision", "reason"])
        #expect(row.children.map(\.name) == ["rules"])
        #expect(
            row.children[0].rows[0].cells.map(\.column) == [
                "event_id", "rule_id", "group_id", "direction", "protocol", "from_port", "to_port", "source",
                "description", "decision", "reason",
            ]
        )
    }

    @Test func `the trace tells why no entry covered`() throws {
        let text = try explain(authorize, permission(22, "0.0.0.0/0")).traceText
        #expect(
            text == """
                e-1: revert (policy.yaml:3 watch)
                  * policy.yaml:3 watch: watches ingress-added
                  ingress tcp 22 from 0.0.0.0/0: revert
                    - policy.yaml:6 allow "office": 443 does not cover 22
                    - policy.yaml:8 exempt "terraform": no principal matches arn:aws:iam::111122223333:role/admin
                """
        )
    }
}
