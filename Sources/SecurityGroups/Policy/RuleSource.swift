/// Where an entry of a policy lets traffic come from, or for egress go to.
package enum RuleSource: Hashable, Sendable, CustomStringConvertible {
    /// Addresses.
    case cidr(CIDRBlock)
    /// A managed prefix list, by id.
    case prefixList(String)
    /// A security group, by id.
    case group(String)
    /// The group in which the rule stands.
    case itself
    /// Every security group.
    case anyGroup
    /// Every managed prefix list.
    case anyPrefixList
    /// Every public address; only to forbid it.
    case publicAddresses

    /// The source as a policy writes it.
    package var description: String {
        switch self {
        case .cidr(let block): block.description
        case .prefixList(let id), .group(let id): id
        case .itself: "self"
        case .anyGroup: "any-group"
        case .anyPrefixList: "any-prefix-list"
        case .publicAddresses: "public"
        }
    }

    /// True if all that `peer` means lies in this source.
    func covers(_ peer: Peer, in groupID: String?) -> Bool {
        switch (self, peer) {
        case (.cidr(let mine), .cidr(let block)): mine.contains(block)
        case (.prefixList(let mine), .prefixList(let id)): mine == id
        case (.group(let mine), .group(let id)): mine == id
        case (.itself, .group(let id)): id == groupID
        case (.anyGroup, .group), (.anyGroup, .groupName), (.anyPrefixList, .prefixList): true
        default: false
        }
    }

    /// True if something that `peer` means lies in this source, as far as the peer itself tells.
    func overlaps(_ peer: Peer, in groupID: String?) -> Bool {
        switch (self, peer) {
        case (.cidr(let mine), .cidr(let block)): mine.overlaps(block)
        case (.publicAddresses, .cidr(let block)): block.hasPublicAddress
        // A name may be that of any group.
        case (.group, .groupName), (.itself, .groupName): true
        default: covers(peer, in: groupID)
        }
    }
}

/// The entries of managed prefix lists, by the id of the list. A list that is not in it is not known.
package struct PrefixLists: Hashable, Sendable {
    private let entries: [String: [CIDRBlock]]

    /// No list is known.
    package static let unknown = Self([:])

    /// Lists with these entries.
    package init(_ entries: [String: [CIDRBlock]]) {
        self.entries = entries
    }

    /// The entries of a list; nil for a list that is not known.
    package subscript(id: String) -> [CIDRBlock]? {
        entries[id]
    }
}
