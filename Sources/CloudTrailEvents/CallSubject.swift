import SecurityGroups

/// A change of the tags of security groups.
package struct TagChange: Hashable, Sendable {
    /// The ids of the groups, as text.
    package let groupIDs: [String]
    /// The keys of the tags that were set or removed. Empty if all were removed.
    package let keys: [String]
    /// True for `DeleteTags`.
    package let isRemoval: Bool
}

/// The things that a call of EC2 names, other than the rules that it changes.
struct CallSubject {
    var groupID: String?
    var tagChange: TagChange?
    var changedPrefixListID: String?

    init(eventSource: String, eventName: String, record: JSONValue) {
        guard eventSource == "ec2.amazonaws.com" else { return }
        let request = record["requestParameters"]
        let succeeded = record["errorCode"].text == nil && record["errorMessage"].text == nil
        switch eventName {
        case "CreateTags" where succeeded, "DeleteTags" where succeeded:
            tagChange = TagChange(request, isRemoval: eventName == "DeleteTags")
        case "ModifyManagedPrefixList" where succeeded, "RestoreManagedPrefixListVersion" where succeeded:
            let wrapped = request["\(eventName)Request"]
            changedPrefixListID =
                [request["prefixListId"], request["PrefixListId"], wrapped["PrefixListId"]]
                .lazy.compactMap(\.string).first
        default:
            guard eventName.utf8.count < 60, eventName.contains("SecurityGroup") else { return }
            let wrapped = request["ModifySecurityGroupRulesRequest"]
            groupID =
                [
                    request["groupId"], request["GroupId"], wrapped["GroupId"], wrapped["groupId"],
                    record["responseElements"]["groupId"],
                ]
                .lazy.compactMap(\.text).first
        }
    }
}

extension TagChange {
    /// Reads the security groups among the call's resources; nil if there is none.
    fileprivate init?(_ request: JSONValue, isRemoval: Bool) {
        func texts(_ list: JSONValue, _ key: String) -> [String] {
            let field = RecordField(value: list, path: "")
            return ((try? field.items()) ?? []).compactMap { $0.value[key].string }
        }
        let groups = texts(request["resourcesSet"], "resourceId").filter { $0.utf8.starts(with: "sg-".utf8) }
        guard !groups.isEmpty else { return nil }
        groupIDs = Array(groups.prefix(SecurityGroupChange.maximumRules))
        keys = texts(request["tagSet"], "key")
        self.isRemoval = isRemoval
    }
}
