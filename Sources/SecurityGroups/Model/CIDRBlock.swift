import Glibc

/// A block of IPv4 or IPv6 addresses in the form in which EC2 stores it: host bits cleared, IPv6 written as in RFC
/// 5952.
///
/// EC2 stores the request `100.68.0.18/18` as `100.68.0.0/18`. Records and emulators show either form, and only stored
/// forms can be compared.
package struct CIDRBlock: Hashable, Sendable, CustomStringConvertible {
    /// The two kinds of address.
    package enum Family: Hashable, Sendable {
        /// 32 bits.
        case ipv4
        /// 128 bits.
        case ipv6
    }

    /// The kind of address.
    package let family: Family
    /// The number of leading bits that all addresses of the block share.
    package let prefixLength: Int
    /// The first address, in network order: 4 or 16 bytes, all bits after the prefix 0.
    package let address: [UInt8]

    /// Every IPv4 address.
    package static let allIPv4 = Self(family: .ipv4, prefixLength: 0, address: [0, 0, 0, 0])

    /// Creates a block from an address that has no bit set after the prefix.
    init(family: Family, prefixLength: Int, address: [UInt8]) {
        self.family = family
        self.prefixLength = prefixLength
        self.address = address
    }

    /// Reads `address/length`, or an address alone, which is a block of one address.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let head = parts.first, let (family, bytes) = Self.parse(String(head)) else { return nil }
        let bits = bytes.count * 8
        var length = bits
        if parts.count == 2 {
            // `Int` alone would accept "+8" and "08", which EC2 refuses.
            guard let given = Int(parts[1]), (0...bits).contains(given), String(given) == parts[1] else { return nil }
            length = given
        }
        self.family = family
        prefixLength = length
        address = bytes.enumerated().map { index, byte in
            let kept = min(max(length - index * 8, 0), 8)
            return kept == 0 ? 0 : byte & (0xFF << (8 - UInt8(kept)))
        }
    }

    /// True if every address of `other` lies in this block.
    ///
    /// A block of IPv4-mapped addresses is IPv6 here, as it is for EC2. An allow entry for IPv4 never covers it.
    package func contains(_ other: Self) -> Bool {
        guard family == other.family, prefixLength <= other.prefixLength else { return false }
        let (whole, bits) = prefixLength.quotientAndRemainder(dividingBy: 8)
        for index in 0..<whole where address[index] != other.address[index] { return false }
        return bits == 0 || (address[whole] ^ other.address[whole]) >> (8 - UInt8(bits)) == 0
    }

    /// The block of which this one is a half; nil for all addresses.
    package var parent: Self? {
        guard prefixLength > 0 else { return nil }
        var address = address
        let (byte, bit) = (prefixLength - 1).quotientAndRemainder(dividingBy: 8)
        address[byte] &= ~(0x80 >> UInt8(bit))
        return Self(family: family, prefixLength: prefixLength - 1, address: address)
    }

    /// The block as EC2 writes it.
    package var description: String {
        "\(Self.text(of: address, family: family))/\(prefixLength)"
    }

    private static func parse(_ text: String) -> (Family, [UInt8])? {
        // C would end the text at a NUL byte and ignore the rest.
        guard !text.utf8.contains(0) else { return nil }
        var v4 = in_addr()
        if inet_pton(AF_INET, text, &v4) == 1 {
            return (.ipv4, withUnsafeBytes(of: v4) { Array($0) })
        }
        var v6 = in6_addr()
        if inet_pton(AF_INET6, text, &v6) == 1 {
            return (.ipv6, withUnsafeBytes(of: v6) { Array($0) })
        }
        return nil
    }

    private static func text(of address: [UInt8], family: Family) -> String {
        var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let written = inet_ntop(family == .ipv4 ? AF_INET : AF_INET6, address, &buffer, socklen_t(buffer.count))
        precondition(written != nil, "4 or 16 bytes always have a textual form that fits INET6_ADDRSTRLEN")
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
