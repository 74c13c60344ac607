import AWSClient
import SecurityGroups
import Synchronization

/// Where a call goes: one account, one Region.
struct Place: Hashable, Sendable {
    let account: AccountID?
    let region: AWSRegion
}

/// What became of one rule that was to be revoked.
enum Revocation: Hashable, Sendable {
    /// EC2 named it as revoked, or no longer shows it after the call.
    case revoked(requestID: String?)
    /// EC2 accepted the call and still shows the rule.
    case stands(requestID: String?)
    /// EC2 does not know the rule, so the call had no effect: it is gone, or EC2's parts do not yet agree.
    case notFound
}

/// What became of a rule that was to be put back or restored.
enum Amendment: Hashable, Sendable {
    /// EC2 shows it as it is to be; a rule that was put back has this id.
    case done(SecurityGroupRuleID, requestID: String?)
    /// EC2 accepted the call, and does not yet show it.
    case accepted(requestID: String?)
    /// Another rule of the group says the same.
    case duplicate
    /// EC2 does not know the rule or the group.
    case notFound

    /// EC2's id of the call, where one is known.
    var requestID: String? {
        switch self {
        case .done(_, let requestID), .accepted(let requestID): requestID
        case .duplicate, .notFound: nil
        }
    }
}

/// What EC2 shows of some rules, and its ids of the calls that showed it.
struct Look: Hashable, Sendable {
    var rules: [LiveRule]
    var requestIDs: [String]
}

/// EC2, as the worker sees it: look at groups and rules, change rules. Looks and revokes gather while a call for the same
/// place is in flight; what is put back or restored is rare, and goes alone.
struct SecurityGroupGateway: Sendable {
    private struct Lane: Hashable {
        let place: Place
        let groupID: SecurityGroupID
        let direction: Direction

        /// What EC2 counts together: one account, Region and action.
        struct Kind: Hashable {
            let place: Place
            let direction: Direction
        }

        var kind: Kind { Kind(place: place, direction: direction) }
    }

    private let clients: EC2Clients
    private let looks: Coalescer<Place, SecurityGroupRuleID, Look>
    private let groups: Coalescer<Place, SecurityGroupID, DescribedSecurityGroup?>
    private let revokes: Coalescer<Lane, SecurityGroupRuleID, Revocation>

    /// - Parameter roles: the sessions in which other accounts are acted on; nil where ours are used everywhere.
    init(session: AWSSession, roles: AccountRoles? = nil) {
        let clients = EC2Clients(session: session, roles: roles)
        let pace = CallPace<Lane.Kind>(start: 10, maximum: 50)
        self.clients = clients
        looks = Coalescer(limit: 200) { place, ids in
            try await Self.look(at: ids, in: place, clients: clients)
        }
        groups = Coalescer(limit: 200) { place, ids in
            try await Self.look(atGroups: ids, in: place, clients: clients)
        }
        revokes = Coalescer(limit: 200) { lane, ids in
            try await pace.run(lane.kind, isThrottling: { ($0 as? AWSServiceError)?.isThrottling == true }) {
                try await Self.revoke(ids, of: lane.groupID, lane.direction, in: lane.place, clients: clients)
            }
        }
    }

    /// The rules of these ids that stand, of any group.
    func rules(_ ids: [SecurityGroupRuleID], in place: Place) async throws -> Look {
        let looks = try await looks.submit(ids, for: place)
        return Look(rules: looks.flatMap(\.rules), requestIDs: looks.flatMap(\.requestIDs).uniqued())
    }

    /// Every rule of a group; none where the group does not exist.
    func rules(of group: SecurityGroupID, in place: Place) async throws -> Look {
        let filter = EC2Filter(name: "group-id", values: [group.description])
        var requestIDs: [String] = []
        let rules = try await clients.client(in: place)
            .describeSecurityGroupRules(filters: [filter]) { requestIDs.append($0) }
        return Look(rules: rules.compactMap(LiveRule.init), requestIDs: requestIDs)
    }

    /// Revokes rules of a group by id and proves it.
    func revoke(
        _ ids: [SecurityGroupRuleID],
        of group: SecurityGroupID,
        _ direction: Direction,
        in place: Place
    ) async throws -> [Revocation] {
        try await revokes.submit(ids, for: Lane(place: place, groupID: group, direction: direction))
    }

    /// The group as EC2 shows it, which is the only one to know its VPC and tags; nil where it does not exist.
    func group(_ id: SecurityGroupID, in place: Place) async throws -> DescribedSecurityGroup? {
        try await groups.submit([id], for: place).first ?? nil
    }

    /// Puts a rule into a group.
    func authorize(_ content: RuleContent, in group: SecurityGroupID, _ place: Place) async throws -> Amendment {
        let ec2 = try clients.client(in: place)
        let request = EC2RuleRequest(content)
        return try await Self.amendment {
            let answer =
                try await content.rule.direction == .ingress
                ? ec2.authorizeSecurityGroupIngress(groupID: group.description, request)
                : ec2.authorizeSecurityGroupEgress(groupID: group.description, request)
            let id = answer.addedRuleIDs.first.flatMap { SecurityGroupRuleID($0) }
            return id.map { .done($0, requestID: answer.requestID) } ?? .accepted(requestID: answer.requestID)
        }
    }

    /// Gives a rule other content, and proves it.
    func restore(
        _ id: SecurityGroupRuleID,
        to content: RuleContent,
        in group: SecurityGroupID,
        _ place: Place
    ) async throws -> Amendment {
        let ec2 = try clients.client(in: place)
        return try await Self.amendment {
            let answer = try await ec2.modifySecurityGroupRules(
                groupID: group.description,
                securityGroupRuleID: id.description,
                EC2RuleRequest(content)
            )
            let live = try await rules([id], in: place).rules.first
            return live?.rule == content.rule
                ? .done(id, requestID: answer.requestID) : .accepted(requestID: answer.requestID)
        }
    }

    private static func amendment(_ call: () async throws -> Amendment) async throws -> Amendment {
        do {
            return try await call()
        } catch let error as AWSServiceError where error.has(code: "InvalidPermission.Duplicate") {
            // A repeated attempt may have met its own first effect.
            return error.attempt > 1 ? .accepted(requestID: error.requestID) : .duplicate
        } catch let error as AWSServiceError where error.saysNotFound {
            return .notFound
        }
    }

    private static func look(
        atGroups ids: [SecurityGroupID],
        in place: Place,
        clients: EC2Clients
    ) async throws -> [DescribedSecurityGroup?] {
        let ec2 = try clients.client(in: place)
        var found: [String: DescribedSecurityGroup] = [:]
        for chunk in ids.uniqued().chunks(of: 200) {
            let filter = EC2Filter(name: "group-id", values: chunk.map(\.description))
            for group in try await ec2.describeSecurityGroups(filters: [filter]) { found[group.groupID] = group }
        }
        return ids.map { found[$0.description] }
    }

    /// By the filter, which answers with the rules that stand; the parameter `SecurityGroupRuleIds` fails for one that is gone.
    private static func look(
        at ids: [SecurityGroupRuleID],
        in place: Place,
        clients: EC2Clients
    ) async throws -> [Look] {
        let ec2 = try clients.client(in: place)
        var found: [SecurityGroupRuleID: LiveRule] = [:]
        var requestIDs: [String] = []
        for chunk in ids.chunks(of: 200) {
            let filter = EC2Filter(name: "security-group-rule-id", values: chunk.map(\.description))
            let rules = try await ec2.describeSecurityGroupRules(filters: [filter]) { requestIDs.append($0) }
            for rule in rules.compactMap(LiveRule.init) {
                found[rule.id] = rule
            }
        }
        return ids.map { Look(rules: found[$0].map { [$0] } ?? [], requestIDs: requestIDs) }
    }

    /// Without one of the ids the whole call has no effect, so what EC2 cannot find is looked into and the rest goes on.
    private static func revoke(
        _ ids: [SecurityGroupRuleID],
        of group: SecurityGroupID,
        _ direction: Direction,
        in place: Place,
        clients: EC2Clients
    ) async throws -> [Revocation] {
        let ec2 = try clients.client(in: place)
        var results: [SecurityGroupRuleID: Revocation] = [:]
        var rest = ids.uniqued()
        while !rest.isEmpty {
            do {
                let answer =
                    try await direction == .ingress
                    ? ec2.revokeSecurityGroupIngress(
                        groupID: group.description,
                        securityGroupRuleIDs: rest.map(\.description)
                    )
                    : ec2.revokeSecurityGroupEgress(
                        groupID: group.description,
                        securityGroupRuleIDs: rest.map(\.description)
                    )
                let named = Set(answer.revokedRuleIDs)
                let unnamed = rest.filter { !named.contains($0.description) }
                let standing = try await Set(look(at: unnamed, in: place, clients: clients).flatMap(\.rules).map(\.id))
                for id in rest {
                    results[id] =
                        standing.contains(id)
                        ? .stands(requestID: answer.requestID) : .revoked(requestID: answer.requestID)
                }
                rest = []
            } catch let error as AWSServiceError where error.saysNotFound {
                let standing = try await Set(look(at: rest, in: place, clients: clients).flatMap(\.rules).map(\.id))
                // A repeated attempt may have met its own first effect.
                for id in rest where !standing.contains(id) && error.attempt > 1 {
                    results[id] = .revoked(requestID: error.requestID)
                }
                let remaining = rest.filter(standing.contains)
                rest = remaining.count < rest.count ? remaining : []
            }
        }
        return ids.map { results[$0] ?? .notFound }
    }
}

extension AWSServiceError {
    /// Whether EC2 says that it does not know a rule or a group: gone, not yet visible, or one of several.
    fileprivate var saysNotFound: Bool {
        ["InvalidPermission.NotFound", "InvalidSecurityGroupRuleId.NotFound", "InvalidGroup.NotFound"].contains(code)
    }
}

extension LiveRule {
    /// A described rule, or nil where the answer holds something that is no rule we could ever have to judge.
    init?(_ described: DescribedSecurityGroupRule) {
        guard let id = SecurityGroupRuleID(described.securityGroupRuleID),
            let groupID = SecurityGroupID(described.groupID),
            let ipProtocol = IPProtocol(described.ipProtocol),
            let peer = Peer(described)
        else { return nil }
        self.init(
            id: id,
            groupID: groupID,
            rule: SecurityGroupRule(
                direction: described.isEgress ? .egress : .ingress,
                ipProtocol: ipProtocol,
                fromPort: described.fromPort,
                toPort: described.toPort,
                peer: peer
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
    fileprivate init(_ content: RuleContent) {
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
        }
        referencedGroupOwnerID = content.peerOwner
        description = content.ruleDescription
    }
}

extension Peer {
    fileprivate init?(_ described: DescribedSecurityGroupRule) {
        if let text = described.cidrIPv4 ?? described.cidrIPv6 {
            guard let block = CIDRBlock(text) else { return nil }
            self = .cidr(block)
        } else if let id = described.prefixListID {
            self = .prefixList(id)
        } else if let id = described.referencedGroupID {
            self = .group(id)
        } else {
            return nil
        }
    }
}
