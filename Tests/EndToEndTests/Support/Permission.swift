/// One `IpPermission` of an Authorize call, as EC2's query protocol and as CloudTrail write it.
struct Permission: Sendable {
    /// Where the traffic comes from; each of a permission's sources is a rule.
    enum Source: Sendable {
        case ipv4(String)
        case ipv6(String)
        case group(String)
        case prefixList(String)
    }

    let ipProtocol: String
    let ports: ClosedRange<Int>?
    let sources: [(source: Source, description: String?)]

    init(_ ipProtocol: String, _ ports: ClosedRange<Int>? = nil, from sources: Source..., description: String? = nil) {
        self.ipProtocol = ipProtocol
        self.ports = ports
        self.sources = sources.map { ($0, description) }
    }

    /// ssh from everywhere.
    static let ssh = Permission("tcp", 22...22, from: .ipv4("0.0.0.0/0"))

    /// The parameters `IpPermissions.N.…` of a query.
    func parameters(at number: Int) -> [(String, String)] {
        let prefix = "IpPermissions.\(number)"
        var parameters = [("\(prefix).IpProtocol", ipProtocol)]
        if let ports {
            parameters += [("\(prefix).FromPort", "\(ports.lowerBound)"), ("\(prefix).ToPort", "\(ports.upperBound)")]
        }
        var counts: [String: Int] = [:]
        for (source, description) in sources {
            let (list, member, value) =
                switch source {
                case .ipv4(let cidr): ("IpRanges", "CidrIp", cidr)
                case .ipv6(let cidr): ("Ipv6Ranges", "CidrIpv6", cidr)
                case .group(let id): ("Groups", "GroupId", id)
                case .prefixList(let id): ("PrefixListIds", "PrefixListId", id)
                }
            counts[list, default: 0] += 1
            let item = "\(prefix).\(list).\(counts[list, default: 0])"
            parameters.append(("\(item).\(member)", value))
            if let description { parameters.append(("\(item).Description", description)) }
        }
        return parameters
    }

    /// An item of `requestParameters.ipPermissions`.
    var recorded: JSON {
        var families: [String: [JSON]] = ["ipRanges": [], "ipv6Ranges": [], "groups": [], "prefixListIds": []]
        for (source, description) in sources {
            let (family, member, value) =
                switch source {
                case .ipv4(let cidr): ("ipRanges", "cidrIp", cidr)
                case .ipv6(let cidr): ("ipv6Ranges", "cidrIpv6", cidr)
                case .group(let id): ("groups", "groupId", id)
                case .prefixList(let id): ("prefixListIds", "prefixListId", id)
                }
            var item: JSON = .object([member: .text(value)])
            if let description { item["description"] = .text(description) }
            families[family, default: []].append(item)
        }
        var permission: JSON = ["ipProtocol": .text(ipProtocol)]
        if let ports {
            permission["fromPort"] = .number(ports.lowerBound)
            permission["toPort"] = .number(ports.upperBound)
        }
        for (family, items) in families {
            permission[family] = items.isEmpty ? [:] : ["items": .array(items)]
        }
        return permission
    }
}
