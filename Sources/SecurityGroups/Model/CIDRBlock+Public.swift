extension CIDRBlock {
    /// True if the two blocks have an address in common.
    ///
    /// A block of IPv4-mapped IPv6 addresses counts as it is written and as the IPv4 addresses in it. A forbid entry for
    /// either family then finds it.
    package func overlaps(_ other: Self) -> Bool {
        let (mine, theirs) = (unmapped, other.unmapped)
        return contains(other) || other.contains(self) || mine.contains(theirs) || theirs.contains(mine)
    }

    /// The IPv4 block that an IPv4-mapped block (`::ffff:192.0.2.0/120`) stands for. Every other block is returned
    /// unchanged.
    package var unmapped: Self {
        guard family == .ipv6, prefixLength >= 96, Self.mapped.contains(self) else { return self }
        return Self(family: .ipv4, prefixLength: prefixLength - 96, address: Array(address.suffix(4)))
    }

    /// True if at least one address of the block is public.
    ///
    /// An address is public unless it is multicast, or lies in a block that IANA's registries of special-purpose
    /// addresses (RFC 6890, "IANA IPv4 Special-Purpose Address Registry" and its IPv6 sibling) do not mark as globally
    /// reachable.
    package var hasPublicAddress: Bool {
        let block = unmapped
        if Self.reachable.contains(where: { $0.overlaps(block) }) { return true }
        let special = block.family == .ipv4 ? Self.specialIPv4 : Self.specialIPv6
        return !block.isCovered(by: special.filter { $0.overlaps(block) })
    }

    /// True if every address of the block lies in one of `blocks`, all of which overlap the block.
    private func isCovered(by blocks: [Self]) -> Bool {
        if blocks.contains(where: { $0.contains(self) }) { return true }
        guard !blocks.isEmpty, let (low, high) = halves else { return false }
        return low.isCovered(by: blocks.filter { $0.overlaps(low) })
            && high.isCovered(by: blocks.filter { $0.overlaps(high) })
    }

    /// The two halves of the block; nil for a single address.
    private var halves: (Self, Self)? {
        guard prefixLength < address.count * 8 else { return nil }
        var upper = address
        upper[prefixLength / 8] |= 0x80 >> UInt8(prefixLength % 8)
        return (
            Self(family: family, prefixLength: prefixLength + 1, address: address),
            Self(family: family, prefixLength: prefixLength + 1, address: upper)
        )
    }

    private static let mapped = blocks(["::ffff:0:0/96"])[0]

    private static let specialIPv4 = blocks([
        "0.0.0.0/8",  // this network
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",  // private use
        "100.64.0.0/10",  // shared address space
        "127.0.0.0/8",  // loopback
        "169.254.0.0/16",  // link local
        "192.0.0.0/24",  // IETF protocol assignments
        "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24",  // documentation
        "192.88.99.0/24",  // deprecated 6to4 relay
        "198.18.0.0/15",  // benchmarking
        "224.0.0.0/4",  // multicast
        "240.0.0.0/4",  // reserved, and limited broadcast
    ])

    private static let specialIPv6 = blocks([
        "::/128", "::1/128",  // unspecified, loopback
        "64:ff9b:1::/48",  // translation within a site
        "100::/64", "100:0:0:1::/64",  // discard only, dummy prefix
        "2001::/23",  // IETF protocol assignments: Teredo, benchmarking and others
        "2001:db8::/32", "3fff::/20",  // documentation
        "2002::/16",  // 6to4
        "5f00::/16",  // segment routing
        "fc00::/7",  // unique local
        "fe80::/10",  // link local
        "ff00::/8",  // multicast
    ])

    /// Blocks within special-purpose blocks that the registries mark as globally reachable.
    private static let reachable = blocks([
        "192.0.0.9/32", "192.0.0.10/32", "2001:1::1/128", "2001:1::2/128", "2001:1::3/128", "2001:3::/32",
        "2001:4:112::/48", "2001:20::/28", "2001:30::/28",
    ])

    private static func blocks(_ texts: [String]) -> [Self] {
        texts.compactMap { Self($0) }
    }
}
