/// A call of EC2 whose permission `EC2Client.probe` can check.
package enum EC2Probe: String, CaseIterable, Sendable {
    case describeRules = "DescribeSecurityGroupRules"
    case describeGroups = "DescribeSecurityGroups"
    case revokeIngress = "RevokeSecurityGroupIngress"
    case revokeEgress = "RevokeSecurityGroupEgress"
    case authorizeIngress = "AuthorizeSecurityGroupIngress"
    case authorizeEgress = "AuthorizeSecurityGroupEgress"
    case modifyRules = "ModifySecurityGroupRules"
}

extension EC2Client {
    /// Checks with `DryRun` whether a call is allowed.
    ///
    /// - Parameter groupID: A group that exists, for the calls that change one. Each call names a rule id that no rule
    ///   has, or a documentation address, so that it is harmless even if `DryRun` is ignored.
    package func probe(_ probe: EC2Probe, groupID: String?) async -> ProbeAnswer {
        let noRule = "sgr-00000000000000000"
        var parameters = [("DryRun", "true")]
        if let groupID {
            switch probe {
            case .describeRules, .describeGroups: break
            case .revokeIngress, .revokeEgress:
                parameters += [("GroupId", groupID), ("SecurityGroupRuleId.1", noRule)]
            case .authorizeIngress, .authorizeEgress:
                parameters += [
                    ("GroupId", groupID), ("IpPermissions.1.IpProtocol", "tcp"), ("IpPermissions.1.FromPort", "9"),
                    ("IpPermissions.1.ToPort", "9"), ("IpPermissions.1.IpRanges.1.CidrIp", "192.0.2.1/32"),
                ]
            case .modifyRules:
                let rule = "SecurityGroupRule.1.SecurityGroupRule"
                parameters += [
                    ("GroupId", groupID), ("SecurityGroupRule.1.SecurityGroupRuleId", noRule),
                    ("\(rule).IpProtocol", "tcp"), ("\(rule).FromPort", "9"), ("\(rule).ToPort", "9"),
                    ("\(rule).CidrIpv4", "192.0.2.1/32"),
                ]
            }
        }
        // EC2 looks for the rule only after it has checked the permission.
        let expected: Set = [
            "DryRunOperation", "InvalidSecurityGroupRuleId.NotFound", "InvalidPermission.NotFound",
        ]
        return await ProbeAnswer.of(expecting: expected) {
            _ = try await query(action: probe.rawValue, parameters: parameters)
        }
    }
}
