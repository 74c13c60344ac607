extension EC2Client {
    /// The CIDR blocks of the current version of a prefix list, over all pages.
    package func getManagedPrefixListEntries(prefixListID: String) async throws -> [String] {
        try await pages(
            "GetManagedPrefixListEntries",
            "entrySet",
            of: AWSResource(.prefixList, prefixListID),
            pageSize: 100,
            parameters: { $0.add("PrefixListId", prefixListID) },
            read: { $0.text("cidr") }
        )
    }
}
