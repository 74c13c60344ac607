import AWSClient
import SecurityGroups

/// One revoke of rules of one group and direction, proven.
struct RevokeCall: Sendable {
    let ec2: EC2Client
    let group: RevokeGroup
    /// Answers which of these rules stand.
    let standing: @Sendable ([SecurityGroupRuleID]) async throws -> Set<SecurityGroupRuleID>

    /// Revokes rules by id. The proof is that the answer names them; where it does not, one more look.
    ///
    /// Without one of the ids the whole call has no effect, so what EC2 cannot find is looked into and the rest goes on.
    func callAsFunction(_ ids: [SecurityGroupRuleID]) async throws -> [Revocation] {
        var results: [SecurityGroupRuleID: Revocation] = [:]
        var rest = ids.uniqued()
        while !rest.isEmpty {
            do {
                let answer = try await send(rest)
                let named = Set(answer.revokedRuleIDs)
                let unnamed = rest.filter { !named.contains($0.description) }
                let stand = unnamed.isEmpty ? [] : try await standing(unnamed)
                for id in rest {
                    results[id] =
                        stand.contains(id)
                        ? .stands(requestID: answer.requestID) : .revoked(requestID: answer.requestID)
                }
                rest = []
            } catch let error as AWSServiceError where error.saysNotFound {
                let stand = try await standing(rest)
                // An attempt of which no answer came may have had its effect: the look before showed the rules.
                for id in rest where !stand.contains(id) && error.attempt > 1 {
                    results[id] = .revoked(requestID: error.requestID)
                }
                let remaining = rest.filter(stand.contains)
                rest = remaining.count < rest.count ? remaining : []
            }
        }
        return ids.map { results[$0] ?? .notFound }
    }

    private func send(_ ids: [SecurityGroupRuleID]) async throws -> RevokeSecurityGroupResult {
        let (id, rules) = (group.id.description, ids.map(\.description))
        return try await group.direction == .ingress
            ? ec2.revokeSecurityGroupIngress(groupID: id, securityGroupRuleIDs: rules)
            : ec2.revokeSecurityGroupEgress(groupID: id, securityGroupRuleIDs: rules)
    }
}

/// The rules that one revoke can take: those of one group and direction.
struct RevokeGroup: Hashable, Sendable {
    let id: SecurityGroupID
    let direction: Direction
}

extension LiveRule {
    /// How many addresses the rule lets in, as the power of two; 0 for a source that is no block.
    var width: Int {
        guard case .cidr(let block) = rule.peer else { return 0 }
        return block.family == .ipv4 ? 32 - block.prefixLength : (128 - block.prefixLength) / 4
    }
}
