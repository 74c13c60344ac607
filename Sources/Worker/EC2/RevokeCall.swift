import AWSClient
import Foundation
import SecurityGroups

/// Revokes rules of one group and direction, and confirms it.
struct RevokeCall: Sendable {
    let ec2: EC2Client
    let group: RevokeGroup
    /// Returns those of the rules that stand.
    let look: @Sendable ([SecurityGroupRuleID]) async throws -> [LiveRule]
    /// Returns when a person approved rules of a group, for those that have such an approval.
    var approvals: Approvals = { _, _ in [:] }

    typealias Approvals =
        @Sendable ([SecurityGroupRuleID], SecurityGroupID) async throws -> [SecurityGroupRuleID: Date]

    /// Revokes rules by id. A rule that the response names is confirmed; the others are looked at once more.
    ///
    /// If one id is unknown the call has no effect, so EC2 is asked which rules stand, and the others are revoked. A look that
    /// fails never fails the call, which would be sent again: whoever revokes looks by itself.
    ///
    /// - Parameter mayBeDone: The rules that an earlier call may have revoked, whose response was lost.
    func callAsFunction(
        _ ids: [SecurityGroupRuleID],
        mayBeDone: Set<SecurityGroupRuleID> = []
    ) async throws -> [Revocation] {
        var results: [SecurityGroupRuleID: Revocation] = [:]
        var rest = ids.uniqued()
        while !rest.isEmpty {
            do {
                let answer = try await send(rest)
                let named = Set(answer.revokedRuleIDs)
                let unnamed = rest.filter { !named.contains($0.description) }
                let stand = unnamed.isEmpty ? [] : await standing(unnamed) ?? Set(unnamed)
                for id in rest {
                    results[id] =
                        stand.contains(id)
                        ? .stands(requestID: answer.requestID) : .revoked(requestID: answer.requestID)
                }
                rest = []
            } catch let error as AWSServiceError where error.saysNotFound {
                // A request whose response was lost may have had its effect, because the look before it showed the
                // rules.
                let done = error.mayFollowEffect ? Set(rest) : mayBeDone
                guard let stand = await standing(rest) else {
                    for id in rest { results[id] = .outdated(mayBeDone: done.contains(id)) }
                    break
                }
                for id in rest where !stand.contains(id) && done.contains(id) {
                    results[id] = .revoked(requestID: error.requestID)
                }
                let remaining = rest.filter(stand.contains)
                rest = remaining.count < rest.count ? remaining : []
            }
        }
        return ids.map { results[$0] ?? .notFound }
    }

    /// Those of the rules that stand; nil if the look fails.
    private func standing(_ ids: [SecurityGroupRuleID]) async -> Set<SecurityGroupRuleID>? {
        try? await Set(look(ids).map(\.id))
    }

    private func send(_ ids: [SecurityGroupRuleID]) async throws -> RevokeSecurityGroupResult {
        let (id, rules) = (group.id.description, ids.map(\.description))
        return try await group.direction == .ingress
            ? ec2.revokeSecurityGroupIngress(groupID: id, securityGroupRuleIDs: rules)
            : ec2.revokeSecurityGroupEgress(groupID: id, securityGroupRuleIDs: rules)
    }
}

/// The rules that one call can revoke: those of one group and direction.
struct RevokeGroup: Hashable, Sendable {
    let id: SecurityGroupID
    let direction: Direction
}

extension LiveRule {
    /// The number of addresses that the rule allows, as a power of two; 0 for a source that is no block.
    var width: Int {
        guard case .cidr(let block) = rule.peer else { return 0 }
        return block.family == .ipv4 ? 32 - block.prefixLength : (128 - block.prefixLength) / 4
    }
}
