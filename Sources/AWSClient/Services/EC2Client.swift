/// The calls of Amazon EC2 that reading and changing security group rules takes, in one Region.
package struct EC2Client: Sendable {
    let client: AWSServiceClient

    /// Every rule that passes all `filters`, over all pages of the answer, within `PageBounds`.
    ///
    /// Filters (`security-group-rule-id`, `group-id`) answer with what stands; asking by id would fail for one that is
    /// gone. EC2 is eventually consistent: a rule a few seconds old may be missing.
    ///
    /// - Parameter answered: Called with EC2's id of the call for each page.
    package func describeSecurityGroupRules(
        filters: [EC2Filter],
        answered: (String) -> Void = { _ in }
    ) async throws -> [DescribedSecurityGroupRule] {
        try await describe("DescribeSecurityGroupRules", "securityGroupRuleSet", filters, answered: answered) { item in
            DescribedSecurityGroupRule(item)
        }
    }

    /// Every group that passes all `filters`, over all pages of the answer. One that was just made may be missing.
    package func describeSecurityGroups(filters: [EC2Filter]) async throws -> [DescribedSecurityGroup] {
        try await describe("DescribeSecurityGroups", "securityGroupInfo", filters) { item in
            DescribedSecurityGroup(item)
        }
    }

    func describe<Item>(
        _ action: String,
        _ list: String,
        _ filters: [EC2Filter],
        pageSize: Int = 1000,
        answered: (String) -> Void = { _ in },
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
            read: read
        )
    }

    /// The elements of `list` on every page of an answer.
    func pages<Item>(
        _ action: String,
        _ list: String,
        of resource: AWSResource? = nil,
        pageSize: Int,
        parameters: (inout QueryEncoder) -> Void,
        answered: (String) -> Void = { _ in },
        read: (XMLTree) -> Item?
    ) async throws -> [Item] {
        var items: [Item] = []
        var pages = PageBounds()
        repeat {
            let token = pages.token
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

    /// Removes rules from a group's ingress. One unknown id rejects the call, and nothing is removed.
    package func revokeSecurityGroupIngress(
        groupID: String,
        securityGroupRuleIDs: [String]
    ) async throws -> RevokeSecurityGroupResult {
        try await revoke("RevokeSecurityGroupIngress", groupID, securityGroupRuleIDs)
    }

    /// Removes rules from a group's egress. One unknown id rejects the call, and nothing is removed.
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

    /// Any other call in EC2's protocol, for what tests and probes need.
    func query(action: String, parameters: [(String, String)]) async throws -> XMLTree {
        try await client.query(action) { encoder in
            for (name, value) in parameters { encoder.add(name, value) }
        }.root
    }
}

/// A condition on what a describe call answers with: the property `name` is one of `values` (at most 200).
package struct EC2Filter: Hashable, Sendable {
    /// The property, such as `group-id`.
    package let name: String
    /// The values that pass.
    package let values: [String]

    /// A filter on one property.
    package init(name: String, values: [String]) {
        self.name = name
        self.values = values
    }
}

/// What a revoke call answered. It proves a revert only for `revokedRuleIDs`: AWS itself answers `return` true in a
/// default VPC where nothing matched.
package struct RevokeSecurityGroupResult: Hashable, Sendable {
    /// The answer's `return`.
    package let isReturned: Bool
    /// The rules that the answer says were removed; empty also where an implementation does not say.
    package let revokedRuleIDs: [String]
    /// Whether some permissions matched nothing.
    package let hasUnknownPermissions: Bool
    /// EC2's id of the call, which CloudTrail repeats as `requestID`.
    package let requestID: String?

    /// A result; tests script answers with it.
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
