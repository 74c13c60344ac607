/// A Region of a known AWS partition.
///
/// A value exists only for a name in the form of one partition's Regions. Names come from events, which anybody may
/// forge, and become part of host names. So they can contain only lower-case letters, digits and hyphens.
package struct AWSRegion: Hashable, Sendable, CustomStringConvertible {
    /// The name, such as `eu-west-1`.
    package let description: String
    /// The partition that the name belongs to.
    package let partition: AWSPartition

    /// Accepts `text` if it has the form of a Region's name: a partition's prefix, a word, a number.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard text.utf8.count <= 32, parts.count >= 3,
            let number = parts.last, (1...2).contains(number.utf8.count), number.utf8.allSatisfy(Self.isDigit),
            let word = parts.dropLast().last, !word.isEmpty,
            word.utf8.allSatisfy({ Self.isDigit($0) || (0x61...0x7A).contains($0) }),
            let partition = AWSPartition(regionPrefix: parts.dropLast(2).joined(separator: "-"))
        else { return nil }
        description = String(text)
        self.partition = partition
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte)
    }
}

/// A part of AWS with its own accounts, host names and ARNs. The raw value is the one in its ARNs.
package enum AWSPartition: String, Sendable, CaseIterable {
    /// The commercial Regions.
    case aws
    /// China.
    case china = "aws-cn"
    /// The European Sovereign Cloud.
    case europeanSovereignCloud = "aws-eusc"
    /// US government.
    case usGovernment = "aws-us-gov"
    /// US top secret.
    case iso = "aws-iso"
    /// US secret.
    case isoB = "aws-iso-b"
    /// United Kingdom and partners.
    case isoE = "aws-iso-e"
    /// US, the latest of the isolated ones.
    case isoF = "aws-iso-f"

    /// The suffix of the host names of its services.
    package var dnsSuffix: String {
        switch self {
        case .aws, .usGovernment: "amazonaws.com"
        case .china: "amazonaws.com.cn"
        case .europeanSovereignCloud: "amazonaws.eu"
        case .iso: "c2s.ic.gov"
        case .isoB: "sc2s.sgov.gov"
        case .isoE: "cloud.adc-e.uk"
        case .isoF: "csp.hci.ic.gov"
        }
    }

    /// The suffix of host names that answer on IPv6 as well as IPv4.
    package var dualStackDNSSuffix: String {
        switch self {
        case .aws, .usGovernment: "api.aws"
        case .china: "api.amazonwebservices.com.cn"
        case .europeanSovereignCloud: "api.amazonwebservices.eu"
        case .iso: "api.aws.ic.gov"
        case .isoB: "api.aws.scloud"
        case .isoE: "api.cloud-aws.adc-e.uk"
        case .isoF: "api.aws.hci.ic.gov"
        }
    }

    /// The partition whose Regions begin with `regionPrefix`, from the `regionRegex` that AWS publishes.
    init?(regionPrefix: String) {
        switch regionPrefix {
        case "us", "eu", "ap", "sa", "ca", "me", "af", "il", "mx": self = .aws
        case "cn": self = .china
        case "eusc-de": self = .europeanSovereignCloud
        case "us-gov": self = .usGovernment
        case "us-iso": self = .iso
        case "us-isob": self = .isoB
        case "eu-isoe": self = .isoE
        case "us-isof": self = .isoF
        default: return nil
        }
    }
}
