/// The source that a policy entry allows or forbids; for egress, the destination.
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
    /// Every public address. Only in forbid entries.
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

    /// True if everything that `peer` stands for lies in this source.
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

    /// True if something that `peer` stands for lies in this source, as far as the peer itself tells.
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

/// The entries of managed prefix lists, by the id of the list. A list that is missing is not known.
package struct PrefixLists: Hashable, Sendable {
    private let entries: [String: [CIDRBlock]]

    /// No list is known.
    package static let unknown = Self([:])

    /// Creates lists with these entries.
    package init(_ entries: [String: [CIDRBlock]]) {
        self.entries = entries
    }

    /// The entries of a list; nil if the list is not known.
    package subscript(id: String) -> [CIDRBlock]? {
        entries[id]
    }
}
