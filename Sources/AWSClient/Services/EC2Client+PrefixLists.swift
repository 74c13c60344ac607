/// A managed prefix list as EC2 describes it.
package struct DescribedPrefixList: Hashable, Sendable {
    /// `pl-…`
    package let prefixListID: String
    package let name: String?
    /// The account that owns it; `AWS` for AWS's own lists.
    package let ownerID: String?
    /// The version, which grows with each change of the entries. AWS's own lists have none.
    package let version: Int?
    /// `create-complete`, `modify-in-progress`, …
    package let state: String?

    /// Creates a list. Tests script responses with it.
    package init(
        prefixListID: String,
        name: String? = nil,
        ownerID: String? = nil,
        version: Int? = nil,
        state: String? = nil
    ) {
        self.prefixListID = prefixListID
        self.name = name
        self.ownerID = ownerID
        self.version = version
        self.state = state
    }

    init?(_ item: XMLTree) {
        guard let id = item.text("prefixListId") else { return nil }
        self.init(
            prefixListID: id,
            name: item.text("prefixListName"),
            ownerID: item.text("ownerId"),
            version: item.text("version").flatMap { Int($0) },
            state: item.text("state")
        )
    }
}

extension EC2Client {
    /// Every prefix list that matches all `filters` (`prefix-list-id`, `owner-id`), over all pages.
    package func describeManagedPrefixLists(filters: [EC2Filter]) async throws -> [DescribedPrefixList] {
        try await describe("DescribeManagedPrefixLists", "prefixListSet", filters, pageSize: 100) { item in
            DescribedPrefixList(item)
        }
    }

    /// The CIDR blocks of a prefix list, over all pages.
    ///
    /// - Parameter version: Reads the entries of this version; nil reads the current ones.
    package func getManagedPrefixListEntries(prefixListID: String, version: Int? = nil) async throws -> [String] {
        try await pages(
            "GetManagedPrefixListEntries",
            "entrySet",
            of: AWSResource(.prefixList, prefixListID),
            pageSize: 100,
            parameters: { parameters in
                parameters.add("PrefixListId", prefixListID)
                parameters.add("TargetVersion", version.map(String.init))
            },
            read: { $0.text("cidr") }
        )
    }
}
