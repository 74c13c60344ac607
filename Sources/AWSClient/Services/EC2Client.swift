/// The calls of Amazon EC2 that read and change security group rules, in one Region.
package struct EC2Client: Sendable {
    let client: AWSServiceClient

    /// Returns every rule that matches all `filters`, over all pages, within `PageBounds`.
    ///
    /// Filters (`security-group-rule-id`, `group-id`) return the rules that stand; the parameter for ids would fail for
    /// a rule that is gone. EC2 is eventually consistent, so a rule that is a few seconds old may be missing.
    ///
    /// - Parameters:
    ///   - answered: Called with EC2's id of the call for each page.
    ///   - turning: Awaited before each further page.
    package func describeSecurityGroupRules(
        filters: [EC2Filter],
        answered: (String) -> Void = { _ in },
        turning: () async throws -> Void = {}
    ) async throws -> [DescribedSecurityGroupRule] {
        try await describe(
            "DescribeSecurityGroupRules",
            "securityGroupRuleSet",
            filters,
            answered: answered,
            turning: turning
        ) { DescribedSecurityGroupRule($0) }
    }

    /// Every group that passes all `filters`, over all pages of the answer. One that was just made may be missing.
    ///
    /// - Parameter turning: Awaited before each further page.
    package func describeSecurityGroups(
        filters: [EC2Filter],
        turning: () async throws -> Void = {}
    ) async throws -> [DescribedSecurityGroup] {
        try await describe("DescribeSecurityGroups", "securityGroupInfo", filters, turning: turning) { item in
            DescribedSecurityGroup(item)
        }
    }

    func describe<Item>(
        _ action: String,
        _ list: String,
        _ filters: [EC2Filter],
        pageSize: Int = 1000,
        answered: (String) -> Void = { _ in },
        turning: () async throws -> Void = {},
        read: (XMLTree) -> Item?
    ) async throws -> [Item] {
        try await pages(
            action,
            list,
            pageSize: pageSize,
            parameters: { parameters in
                for (index, filter) in filters.enumerated() {
                    parameters.add("Filter.\(index + 1).Name", filter.name)
                    parameters.add("Filter.\(index + 1).Value", list: filter.values)
                }
            },
            answered: answered,
            turning: turning,
            read: read
        )
    }

    /// The elements of `list` on every page of a response.
    func pages<Item>(
        _ action: String,
        _ list: String,
        of resource: AWSResource? = nil,
        pageSize: Int,
        parameters: (inout QueryEncoder) -> Void,
        answered: (String) -> Void = { _ in },
        turning: () async throws -> Void = {},
        read: (XMLTree) -> Item?
    ) async throws -> [Item] {
        var items: [Item] = []
        var pages = PageBounds()
        repeat {
            let token = pages.token
            if token != nil { try await turning() }
            let answer = try await client.query(action, of: resource) { encoder in
                parameters(&encoder)
                encoder.add("MaxResults", String(pageSize))
                encoder.add("NextToken", token)
            }
            let root = answer.root
            if let requestID = answer.requestID { answered(requestID) }
            guard let set = root[list] else { throw client.unreadable(action, "there is no \(list)") }
            for element in set.children {
                guard let item = read(element) else {
                    throw client.unreadable(action, "an element of \(list) lacks what all have, such as its id")
                }
                items.append(item)
            }
            do throws(PageBounds.Failure) {
                try pages.turn(to: root.text("nextToken"), items: items.count)
            } catch {
                throw client.unreadable(action, error.description)
            }
        } while pages.token != nil
        return items
    }

    /// Revokes rules of a group's ingress. If one id is unknown, the call is rejected and nothing is revoked.
    package func revokeSecurityGroupIngress(
        groupID: String,
        securityGroupRuleIDs: [String]
    ) async throws -> RevokeSecurityGroupResult {
        try await revoke("RevokeSecurityGroupIngress", groupID, securityGroupRuleIDs)
    }

    /// Revokes rules of a group's egress. If one id is unknown, the call is rejected and nothing is revoked.
    package func revokeSecurityGroupEgress(
        groupID: String,
        securityGroupRuleIDs: [String]
    ) async throws -> RevokeSecurityGroupResult {
        try await revoke("RevokeSecurityGroupEgress", groupID, securityGroupRuleIDs)
    }

    private func revoke(
        _ action: String,
        _ groupID: String,
        _ ruleIDs: [String]
    ) async throws -> RevokeSecurityGroupResult {
        let answer = try await client.query(action, of: AWSResource(.group, groupID)) { parameters in
            parameters.add("GroupId", groupID)
            parameters.add("SecurityGroupRuleId", list: ruleIDs)
        }
        let root = answer.root
        return RevokeSecurityGroupResult(
            isReturned: root.text("return") == "true",
            revokedRuleIDs: root.list("revokedSecurityGroupRuleSet").compactMap { $0.text("securityGroupRuleId") },
            hasUnknownPermissions: !root.list("unknownIpPermissionSet").isEmpty,
            requestID: answer.requestID
        )
    }

    /// Makes any other call of EC2's protocol. Tests and probes use it.
    func query(action: String, parameters: [(String, String)]) async throws -> XMLTree {
        try await client.query(action) { encoder in
            for (name, value) in parameters { encoder.add(name, value) }
        }.root
    }
}

/// A condition of a describe call: the property `name` is one of `values` (at most 200).
package struct EC2Filter: Hashable, Sendable {
    /// The property, such as `group-id`.
    package let name: String
    /// The values that match.
    package let values: [String]

    /// Creates a filter on one property.
    package init(name: String, values: [String]) {
        self.name = name
        self.values = values
    }
}

/// The response of a revoke call. It proves the revert only of `revokedRuleIDs`: in a default VPC, AWS returns `return`
/// true although nothing matched.
package struct RevokeSecurityGroupResult: Hashable, Sendable {
    /// The response's `return`.
    package let isReturned: Bool
    /// The ids of the rules that the response says were revoked. Empty also if an implementation does not return them.
    package let revokedRuleIDs: [String]
    /// True if some permissions matched nothing.
    package let hasUnknownPermissions: Bool
    /// EC2's id of the call, which CloudTrail repeats as `requestID`.
    package let requestID: String?

    /// Creates a result. Tests script responses with it.
    package init(
        isReturned: Bool,
        revokedRuleIDs: [String] = [],
        hasUnknownPermissions: Bool = false,
        requestID: String? = nil
    ) {
        self.isReturned = isReturned
        self.revokedRuleIDs = revokedRuleIDs
        self.hasUnknownPermissions = hasUnknownPermissions
        self.requestID = requestID
    }
}
