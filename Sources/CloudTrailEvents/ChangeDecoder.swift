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

    /// True if the answer says that nothing was done, as it can in a record that names no error.
    var isRefused: Bool {
        [response["_return"], response["ModifySecurityGroupRulesResponse"]["return"]].contains {
            $0.value.boolean == false
        }
    }

    /// What an Authorize added. EC2's answer counts before the request: only it has rule ids, and the group's id where
    /// the request names the group. Records of before July 2021, or with an answer over 100 KB, have the request alone.
    ///
    /// A call without any one group is an error. A rule that cannot be read, or none at all, is told with the rest: what
    /// is dropped here would stand for ever, so whoever watches the group must look at the group itself.
    func added(_ kind: ChangeKind, _ direction: Direction) throws(UnreadableField) -> SecurityGroupChange {
        let parameters = RuleParameters(direction: direction)
        var reader = LenientReader()
        let answered = reader.read { try response["securityGroupRuleSet"].items() } ?? []
        var rules = reader.rules(of: answered, read: parameters.answered)
        if answered.isEmpty {
            rules = reader.read { try parameters.requested(request) } ?? []
        }
        return reader.change(kind, groupID: try group(of: answered), rules: rules, called: request)
    }

    /// What a Revoke removed. EC2's answer counts before the request, where it lists the rules (since 2023); a request
    /// by rule id tells nothing but the ids.
    ///
    /// What cannot be read is no error but told with the rest: every revert of ours comes back as such a record, and
    /// few policies watch removals.
    func removed(_ kind: ChangeKind, _ direction: Direction) -> SecurityGroupChange {
        let parameters = RuleParameters(direction: direction)
        var reader = LenientReader()
        let answered = reader.read { try response["revokedSecurityGroupRuleSet"].items() } ?? []
        var rules = reader.rules(of: answered, read: parameters.answered)
        if answered.isEmpty {
            rules = reader.read { try parameters.removalRequested(request) } ?? []
            reader.read {
                // A default VPC's call succeeds although some of its rules did not stand.
                let unknown = response["unknownIpPermissionSet"]
                if try !unknown.items().isEmpty { throw unknown.problem("names rules that did not stand") }
            }
        }
        let groupID = reader.read { try group(of: answered) }
        return reader.change(kind, groupID: groupID, rules: rules, called: request)
    }

    /// What `ModifySecurityGroupRules` made of the rules: the record tells neither the direction nor what stood there
    /// before. Unlike all other records of EC2 it spells the names with a capital, and mostly in a wrapping.
    func modified() -> SecurityGroupChange {
        let wrapped = request["ModifySecurityGroupRulesRequest"]
        let request = wrapped.value == .null ? self.request : wrapped
        let parameters = RuleParameters(direction: nil)
        var reader = LenientReader()
        let groupID = reader.read { try request.capitalized("GroupId").text() }
        let updates = reader.read { try request.capitalized("SecurityGroupRule").elements() } ?? []
        let rules = reader.rules(of: updates, read: parameters.modified)
        return reader.change(.ruleModified, groupID: groupID, rules: rules, called: request)
    }

    /// What `CreateSecurityGroup` added: EC2 lets all traffic out of a VPC's new group, and the record does not mention
    /// it. In a VPC with IPv6 there is a second rule, which only EC2 can tell.
    func created() throws(UnreadableField) -> SecurityGroupChange {
        let rule = SecurityGroupRule(
            direction: .egress,
            ipProtocol: .all,
            fromPort: nil,
            toPort: nil,
            peer: .cidr(.allIPv4)
        )
        return SecurityGroupChange(
            kind: .egressAdded,
            groupID: try response["groupId"].text(),
            rules: [ChangedRule(id: nil, rule: rule, ruleDescription: nil)]
        )
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

/// Reads what it can, and keeps the first thing that it could not.
private struct LenientReader {
    private var unread: String?
    private var mayHaveMoreRules = false

    /// One more rule than an event may have is read, so that too many are seen to be too many, and cost no more.
    private static let room = SecurityGroupChange.maximumRules + 1

    @discardableResult
    mutating func read<Value>(_ body: () throws -> Value) -> Value? {
        do {
            return try body()
        } catch {
            note(error)
            mayHaveMoreRules = true
            return nil
        }
    }

    /// Reads the rules of a list. One whose content cannot be read is kept by its id: EC2 shows what it says now.
    mutating func rules(
        of list: [RecordField],
        read: (RecordField) throws(UnreadableField) -> ChangedRule
    ) -> [ChangedRule] {
        var rules: [ChangedRule] = []
        for element in list.prefix(Self.room) {
            do throws(UnreadableField) {
                rules.append(try read(element))
            } catch {
                note(error)
                if let id = element.capitalized("SecurityGroupRuleId").value.string {
                    rules.append(ChangedRule(id: id, direction: nil, traffic: nil, ruleDescription: nil))
                } else {
                    mayHaveMoreRules = true
                }
            }
        }
        return rules
    }

    private mutating func note(_ error: any Error) {
        unread = unread ?? (error as? UnreadableField)?.detail ?? "\(error)"
    }

    func change(
        _ kind: ChangeKind,
        groupID: String?,
        rules: [ChangedRule],
        called request: RecordField
    ) -> SecurityGroupChange {
        let nothing = rules.isEmpty ? request.problem("a successful call that names no rule").detail : nil
        return SecurityGroupChange(
            kind: kind,
            groupID: groupID,
            rules: rules,
            unread: unread ?? nothing,
            mayHaveMoreRules: mayHaveMoreRules || rules.isEmpty
        )
    }
}
