/// The ports that a rule opens, first and last included; for ICMP, its type and code.
package struct PortRange: Hashable, Sendable {
    /// The first port, or the ICMP type; -1 is "all".
    package let from: Int
    /// The last port, or the ICMP code; -1 is "all".
    package let to: Int

    /// Every port, or every ICMP type: EC2 shows -1 and -1 where a protocol has no ports.
    package static let all = Self(from: -1, to: -1)

    /// Creates a range without any check.
    package init(from: Int, to: Int) {
        self.from = from
        self.to = to
    }

    /// Brings the ports of a rule with this protocol into one form.
    ///
    /// "All protocols" comes without ports, with 0 and 0, with 0 and 65535, or with -1 and -1; all of these mean the
    /// same. ICMP without a type means every type. TCP and UDP without ports mean every port.
    package init(from: Int?, to: Int?, for ipProtocol: IPProtocol) {
        guard ipProtocol.hasPorts else {
            self = .all
            return
        }
        if ipProtocol.isICMP {
            self = from == nil || from == -1 ? .all : Self(from: from ?? -1, to: to ?? -1)
        } else if (from ?? -1) == -1 && (to ?? -1) == -1 {
            self = Self(from: 0, to: 65535)
        } else {
            self = Self(from: from ?? to ?? 0, to: to ?? from ?? 65535)
        }
    }
}
