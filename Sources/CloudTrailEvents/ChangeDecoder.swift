import SecurityGroups

/// Reads from the record of a successful call what it did to the rules of a group.
struct ChangeDecoder {
    private let request: RecordField
    private let response: RecordField

    init(record: JSONValue) {
        let record = RecordField(value: record, path: "")
        request = record["requestParameters"]
        response = record["responseElements"]
    }

    /// Whether the answer says that nothing was done, as it can in a record that names no error.
    var isRefused: Bool {
        [response["_return"], response["ModifySecurityGroupRulesResponse"]["return"]].contains {
            $0.value.boolean == false
        }
    }

    /// What an Authorize added. EC2's answer counts before the request: only it has rule ids, and the group's id where
    /// the request names the group. Records of before July 2021, or with an answer over 100 KB, have the request alone.
    ///
    /// A rule that cannot be read, or none at all, is an error: what is dropped here would stand for ever.
    func added(_ kind: ChangeKind, _ direction: Direction) throws(UnreadableField) -> SecurityGroupChange {
        let parameters = RuleParameters(direction: direction)
        let answered = try response["securityGroupRuleSet"].items()
        var rules: [ChangedRule] = []
        for item in answered { rules.append(try parameters.answered(item)) }
        if answered.isEmpty { rules = try parameters.requested(request) }
        guard !rules.isEmpty else { throw request.problem("a successful call that names no rule") }
        return SecurityGroupChange(kind: kind, groupID: try group(of: answered), rules: rules)
    }

    /// What a Revoke removed, as far as it can be read: nothing is done about it, and by name or by rule id a record
    /// may hold neither the group nor the rules.
    func removed(_ kind: ChangeKind, _ direction: Direction) -> SecurityGroupChange {
        let parameters = RuleParameters(direction: direction)
        let answered = (try? response["revokedSecurityGroupRuleSet"].items()) ?? []
        var rules = answered.compactMap { try? parameters.answered($0) }
        if rules.isEmpty {
            let permissions = (try? request["ipPermissions"].items()) ?? []
            rules =
                permissions.isEmpty
                ? (try? parameters.requested(request)) ?? []
                : permissions.flatMap { (try? parameters.requested(permission: $0)) ?? [] }
        }
        let groups = [request["groupId"]] + answered.map { $0["groupId"] }
        return SecurityGroupChange(kind: kind, groupID: groups.lazy.compactMap(\.value.text).first, rules: rules)
    }

    /// What `ModifySecurityGroupRules` changed: the record does not tell what stood there before.
    func modified() -> SecurityGroupChange {
        let groups = [request["ModifySecurityGroupRulesRequest"]["GroupId"], request["GroupId"], request["groupId"]]
        return SecurityGroupChange(kind: .ruleModified, groupID: groups.lazy.compactMap(\.value.text).first, rules: [])
    }

    /// What `CreateSecurityGroup` added: EC2 lets all traffic out of a VPC's new group, and the record does not mention
    /// it.
    func created() -> SecurityGroupChange {
        SecurityGroupChange(kind: .egressAdded, groupID: response["groupId"].value.text, rules: [])
    }

    /// The one group of an Authorize, in whichever of the two places it is named.
    private func group(of answered: [RecordField]) throws(UnreadableField) -> String {
        var group: String?
        for field in [request["groupId"]] + answered.map({ $0["groupId"] }) {
            guard let id = try field.optionalText() else { continue }
            guard group == nil || group == id else {
                throw field.problem("is another group than the rest of the call's")
            }
            group = id
        }
        guard let group else { throw request["groupId"].problem("missing, and the answer names no group either") }
        return group
    }
}
