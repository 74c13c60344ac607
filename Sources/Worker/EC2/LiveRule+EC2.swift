import AWSClient
import SecurityGroups

extension LiveRule {
    /// Reads a described rule; nil if it has no id. What else cannot be read is taken for what no policy allows, so that the rule
    /// is seen and can be revoked by its id.
    init?(_ described: DescribedSecurityGroupRule) {
        guard let id = SecurityGroupRuleID(described.securityGroupRuleID),
            let groupID = SecurityGroupID(described.groupID)
        else { return nil }
        self.init(
            id: id,
            groupID: groupID,
            rule: SecurityGroupRule(
                direction: described.isEgress ? .egress : .ingress,
                ipProtocol: IPProtocol(described.ipProtocol) ?? .all,
                fromPort: described.fromPort,
                toPort: described.toPort,
                peer: Peer(described)
            ),
            ruleDescription: described.description,
            ownerID: described.groupOwnerID,
            peerOwner: described.referencedGroupOwnerID == described.groupOwnerID
                ? nil : described.referencedGroupOwnerID,
            tags: described.tags
        )
    }
}

extension EC2RuleRequest {
    /// The content of a rule, as calls take it.
    init(_ content: RuleContent) {
        let rule = content.rule
        self.init(ipProtocol: rule.ipProtocol.description)
        if rule.ipProtocol.hasPorts {
            fromPort = rule.ports.from
            toPort = rule.ports.to
        }
        switch rule.peer {
        case .cidr(let block) where block.family == .ipv4: cidrIPv4 = block.description
        case .cidr(let block): cidrIPv6 = block.description
        case .prefixList(let id): prefixListID = id
        case .group(let id), .groupName(let id): referencedGroupID = id
        case .unknown: break
        }
        referencedGroupOwnerID = content.peerOwner
        description = content.ruleDescription
    }
}

extension Peer {
    fileprivate init(_ described: DescribedSecurityGroupRule) {
        if let text = described.cidrIPv4 ?? described.cidrIPv6 {
            self = CIDRBlock(text).map(Peer.cidr) ?? .unknown(text)
        } else if let id = described.prefixListID {
            self = .prefixList(id)
        } else if let id = described.referencedGroupID {
            self = .group(id)
        } else {
            self = .unknown("no source that this version knows")
        }
    }
}
