/// The content of a rule, as calls that add or change a rule take it. Exactly one of the four peers must be set.
package struct EC2RuleRequest: Hashable, Sendable {
    /// `tcp`, `udp`, `icmp`, `icmpv6`, `-1` or a number.
    package var ipProtocol: String
    /// The first port or the ICMP type, -1 for all; nil for protocols without ports.
    package var fromPort: Int?
    /// The last port or the ICMP code, -1 for all; nil for protocols without ports.
    package var toPort: Int?
    /// The source or destination as an IPv4 range. Exactly one of the four must be set.
    package var cidrIPv4: String?
    /// The source or destination as an IPv6 range.
    package var cidrIPv6: String?
    /// The source or destination as a prefix list.
    package var prefixListID: String?
    /// The source or destination as a group.
    package var referencedGroupID: String?
    /// The account of that group, if it is another one.
    package var referencedGroupOwnerID: String?
    /// The rule's description.
    package var description: String?

    /// Creates a rule with this protocol. The other fields are set afterwards.
    package init(ipProtocol: String) {
        self.ipProtocol = ipProtocol
    }
}

/// The response of a call that adds or changes a rule.
package struct EC2ChangeResult: Hashable, Sendable {
    /// The ids of the rules that were added. Empty also if an implementation does not return them.
    package let addedRuleIDs: [String]
    /// EC2's id of the call, which CloudTrail repeats as `requestID`.
    package let requestID: String?
}

extension EC2Client {
    /// Adds a rule to a group's ingress.
    ///
    /// - Throws: `AWSServiceError`, with the code `InvalidPermission.Duplicate` if a rule with the same content stands.
    package func authorizeSecurityGroupIngress(
        groupID: String,
        _ rule: EC2RuleRequest
    ) async throws -> EC2ChangeResult {
        try await authorize("AuthorizeSecurityGroupIngress", groupID, rule)
    }

    /// Adds a rule to a group's egress.
    ///
    /// - Throws: `AWSServiceError`, with the code `InvalidPermission.Duplicate` if a rule with the same content stands.
    package func authorizeSecurityGroupEgress(
        groupID: String,
        _ rule: EC2RuleRequest
    ) async throws -> EC2ChangeResult {
        try await authorize("AuthorizeSecurityGroupEgress", groupID, rule)
    }

    /// Gives the rule with this id other content. It keeps its id, its direction and its tags.
    package func modifySecurityGroupRules(
        groupID: String,
        securityGroupRuleID: String,
        _ rule: EC2RuleRequest
    ) async throws -> EC2ChangeResult {
        let answer = try await client.query("ModifySecurityGroupRules", of: AWSResource(.group, groupID)) {
            parameters in
            parameters.add("GroupId", groupID)
            parameters.add("SecurityGroupRule.1.SecurityGroupRuleId", securityGroupRuleID)
            let prefix = "SecurityGroupRule.1.SecurityGroupRule"
            parameters.add("\(prefix).IpProtocol", rule.ipProtocol)
            // Ports are sent even if the protocol has none: a field that is left out might keep its earlier value.
            parameters.add("\(prefix).FromPort", String(rule.fromPort ?? -1))
            parameters.add("\(prefix).ToPort", String(rule.toPort ?? -1))
            parameters.add("\(prefix).CidrIpv4", rule.cidrIPv4)
            parameters.add("\(prefix).CidrIpv6", rule.cidrIPv6)
            parameters.add("\(prefix).PrefixListId", rule.prefixListID)
            parameters.add("\(prefix).ReferencedGroupId", rule.referencedGroupID)
            parameters.add("\(prefix).Description", rule.description)
        }
        return EC2ChangeResult(addedRuleIDs: [], requestID: answer.requestID)
    }

    private func authorize(_ action: String, _ groupID: String, _ rule: EC2RuleRequest) async throws -> EC2ChangeResult
    {
        let answer = try await client.query(action, of: AWSResource(.group, groupID)) { parameters in
            let prefix = "IpPermissions.1"
            parameters.add("GroupId", groupID)
            parameters.add("\(prefix).IpProtocol", rule.ipProtocol)
            parameters.add("\(prefix).FromPort", rule.fromPort.map { String($0) })
            parameters.add("\(prefix).ToPort", rule.toPort.map { String($0) })
            let peers = [
                ("IpRanges", "CidrIp", rule.cidrIPv4), ("Ipv6Ranges", "CidrIpv6", rule.cidrIPv6),
                ("PrefixListIds", "PrefixListId", rule.prefixListID), ("Groups", "GroupId", rule.referencedGroupID),
            ]
            for case (let list, let member, let peer?) in peers {
                parameters.add("\(prefix).\(list).1.\(member)", peer)
                parameters.add("\(prefix).\(list).1.Description", rule.description)
            }
            if rule.referencedGroupID != nil {
                parameters.add("\(prefix).Groups.1.UserId", rule.referencedGroupOwnerID)
            }
        }
        return EC2ChangeResult(
            addedRuleIDs: answer.root.list("securityGroupRuleSet").compactMap { $0.text("securityGroupRuleId") },
            requestID: answer.requestID
        )
    }
}
