import SecurityGroups

/// Reads what a successful call did to the rules of a group.
struct ChangeDecoder {
    private let request: RecordField
    private let response: RecordField

    init(record: JSONValue) {
        let record = RecordField(value: record, path: "")
        request = record["requestParameters"]
        response = record["responseElements"]
    }

    /// True if the response says that nothing was done. A record can say so without naming an error.
    var isRefused: Bool {
        [response["_return"], response["ModifySecurityGroupRulesResponse"]["return"]].contains {
            $0.value.boolean == false
        }
    }

    /// Reads what an Authorize added.
    ///
    /// EC2's response is used before the request, because only the response has rule ids, and the group's id if the
    /// request names the group by name. Records from before July 2021, or with a response over 100 KB, have the request
    /// alone.
    ///
    /// A call that names no group or several is an error. A rule that cannot be read, or a missing list of rules, is
    /// reported with the rest, so that whoever watches the group looks at the group itself.
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

    /// Reads what a Revoke removed.
    ///
    /// EC2's response is used before the request if it lists the rules (since 2023). A request by rule id tells only
    /// the ids.
    ///
    /// A rule that cannot be read is reported with the rest and is no error, because every revert of the worker comes
    /// back as such a record and few policies watch removals.
    func removed(_ kind: ChangeKind, _ direction: Direction) -> SecurityGroupChange {
        let parameters = RuleParameters(direction: direction)
        var reader = LenientReader()
        let answered = reader.read { try response["revokedSecurityGroupRuleSet"].items() } ?? []
        var rules = reader.rules(of: answered, read: parameters.answered)
        if answered.isEmpty {
            rules = reader.read { try parameters.removalRequested(request) } ?? []
            reader.read {
                // In a default VPC the call succeeds even if some of the rules did not stand.
                let unknown = response["unknownIpPermissionSet"]
                if try !unknown.items().isEmpty { throw unknown.problem("names rules that did not stand") }
            }
        }
        let groupID = reader.read { try group(of: answered) }
        return reader.change(kind, groupID: groupID, rules: rules, called: request)
    }

    /// Reads what `ModifySecurityGroupRules` made of the rules. The record tells neither the direction nor the earlier
    /// content. Unlike all other records of EC2 it spells names with a capital letter, and mostly wraps them.
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

    /// Reads what `CreateSecurityGroup` added: EC2 gives a VPC's new group a rule for all outbound IPv4 traffic, which
    /// the record does not mention. In a VPC with IPv6 there is a second rule, which only EC2 shows.
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

    /// The one group of an Authorize, from the request or the response.
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

/// Reads what it can, and keeps the first field that it cannot read.
private struct LenientReader {
    private var unread: String?
    private var mayHaveMoreRules = false

    /// One more rule than an event may have is read, so that too many rules are noticed without reading all of them.
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

    /// Reads the rules of a list. If the content of a rule cannot be read, its id is kept, because EC2 shows the
    /// content.
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
