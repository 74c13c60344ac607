/// The protocol of a rule, in the spelling in which EC2 stores it.
///
/// EC2 accepts a name or a number. It stores tcp, udp, icmp and icmpv6 by name, every other protocol by number, and
/// "all" as -1.
package struct IPProtocol: Hashable, Sendable, CustomStringConvertible {
    /// `tcp`, `udp`, `icmp`, `icmpv6`, `-1`, or a number from 0 to 255.
    package let description: String

    /// Every protocol, on every port.
    package static let all = Self(canonical: "-1")
    /// TCP.
    package static let tcp = Self(canonical: "tcp")
    /// UDP.
    package static let udp = Self(canonical: "udp")
    /// ICMP, whose "ports" are a type and a code.
    package static let icmp = Self(canonical: "icmp")
    /// ICMP for IPv6, whose "ports" are a type and a code.
    package static let icmpv6 = Self(canonical: "icmpv6")

    /// Reads a protocol in any spelling that requests and records use.
    package init?(_ text: String) {
        switch text.lowercased() {
        case "-1", "all": self = .all
        case "tcp", "6": self = .tcp
        case "udp", "17": self = .udp
        case "icmp", "1": self = .icmp
        case "icmpv6", "58": self = .icmpv6
        case let other:
            // `UInt8` alone would accept "+6" and "006". Both mean tcp, and tcp must have one spelling.
            guard let number = UInt8(other), String(number) == other else { return nil }
            self = Self(canonical: other)
        }
    }

    private init(canonical: String) {
        description = canonical
    }

    /// True if EC2 uses the ports of a rule with this protocol.
    package var hasPorts: Bool {
        self == .tcp || self == .udp || self == .icmp || self == .icmpv6
    }

    /// True if the two "ports" of a rule with this protocol are an ICMP type and code.
    package var isICMP: Bool {
        self == .icmp || self == .icmpv6
    }
}
