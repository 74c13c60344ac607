import AWSClient
import SecurityGroups

/// The calls that add a rule or change one. They are rare, so each rule has a call of its own.
extension SecurityGroupGateway {
    /// Adds a rule to a group, unless the call is outdated when EC2's bucket has a token.
    func authorize(
        _ content: RuleContent,
        in group: SecurityGroupID,
        _ place: Place,
        unless isOutdated: () -> Bool = { false }
    ) async throws -> Amendment {
        let ec2 = try clients.client(in: place)
        let request = EC2RuleRequest(content)
        let action = "AuthorizeSecurityGroup\(content.rule.direction.actionSuffix)"
        return try await Self.amendment {
            let key = CallQuota.Key(place: place, action: action)
            let answer = try await quota.spending(key, unless: isOutdated) {
                try await content.rule.direction == .ingress
                    ? ec2.authorizeSecurityGroupIngress(groupID: group.description, request)
                    : ec2.authorizeSecurityGroupEgress(groupID: group.description, request)
            }
            guard let answer else { return .outdated }
            let id = answer.addedRuleIDs.first.flatMap { SecurityGroupRuleID($0) }
            return id.map { .done($0, requestID: answer.requestID) } ?? .accepted(requestID: answer.requestID)
        }
    }

    /// Gives a rule other content, and confirms it, unless the call is outdated when EC2's bucket has a token.
    func restore(
        _ id: SecurityGroupRuleID,
        to content: RuleContent,
        in group: SecurityGroupID,
        _ place: Place,
        unless isOutdated: () -> Bool = { false }
    ) async throws -> Amendment {
        let ec2 = try clients.client(in: place)
        return try await Self.amendment {
            let key = CallQuota.Key(place: place, action: "ModifySecurityGroupRules")
            let answer = try await quota.spending(key, unless: isOutdated) {
                try await ec2.modifySecurityGroupRules(
                    groupID: group.description,
                    securityGroupRuleID: id.description,
                    EC2RuleRequest(content)
                )
            }
            guard let answer else { return .outdated }
            // A look that fails does not fail the call: the caller looks by itself.
            let live = try? await rules([id], in: place).rules.first
            return live?.rule == content.rule
                ? .done(id, requestID: answer.requestID) : .accepted(requestID: answer.requestID)
        }
    }

    private static func amendment(_ call: () async throws -> Amendment) async throws -> Amendment {
        do {
            return try await call()
        } catch let error as AWSServiceError where error.isDuplicate && error.mayFollowEffect {
            // A repeated call may meet the effect of the first one.
            return .accepted(requestID: error.requestID)
        } catch let error as AWSServiceError where error.refusesRestore {
            throw error
        } catch let error as AWSServiceError where error.isDuplicate {
            return .duplicate
        } catch let error as AWSServiceError where error.saysNotFound {
            return .notFound
        }
    }
}

extension AWSServiceError {
    /// True if another rule of the group says what this one was to say.
    fileprivate var isDuplicate: Bool { has(code: "InvalidPermission.Duplicate") }

    /// True if EC2 refuses to give a rule its earlier content, and will refuse it again: the role may not modify rules, another rule
    /// says the same, the source is gone, or the group has no room. The same rule can still be revoked.
    var refusesRestore: Bool {
        operation == "ModifySecurityGroupRules" && !isThrottling && !isTransient && !refusesCredentials
            && code != Self.unreadableResponse && code != "InvalidSecurityGroupRuleId.NotFound"
    }
}
