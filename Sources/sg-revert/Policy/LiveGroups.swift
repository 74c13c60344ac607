import AWSClient
import CloudTrailEvents
import SecurityGroups

/// The groups of events, and the prefix lists in their rules, from AWS. Each is asked for once.
struct LiveGroups {
    private let session: AWSSession
    private var groups: [Key: DescribedSecurityGroup?] = [:]
    private var lists: [Key: [CIDRBlock]?] = [:]

    private struct Key: Hashable {
        let region: String
        let id: String
    }

    init(session: AWSSession) {
        self.session = session
    }

    /// The group of a change; nil if it is gone, or if the record names none that can exist.
    mutating func group(of message: DecodedMessage) async throws -> DescribedSecurityGroup? {
        guard case .change(let event, let change) = message,
            let region = event.region.flatMap({ AWSRegion($0) }),
            let id = change.groupID.flatMap({ SecurityGroupID($0) })
        else { return nil }
        let key = Key(region: region.description, id: id.description)
        if let group = groups[key] { return group }
        let filter = EC2Filter(name: "group-id", values: [id.description])
        let group = try await session.ec2(region: region).describeSecurityGroups(filters: [filter]).first
        groups[key] = .some(group)
        return group
    }

    /// The entries of the prefix lists in a change, if the policy judges lists by their entries.
    mutating func prefixLists(of message: DecodedMessage, for policy: Policy) async throws -> PrefixLists {
        guard case .change(let event, let change) = message, policy.expandPrefixLists,
            let region = event.region.flatMap({ AWSRegion($0) })
        else { return .unknown }
        let peers = Set(change.rules.compactMap(\.traffic?.peer))
        var found: [String: [CIDRBlock]] = [:]
        for case .prefixList(let id) in peers {
            found[id] = try await entries(of: id, in: region)
        }
        return PrefixLists(found)
    }

    private mutating func entries(of id: String, in region: AWSRegion) async throws -> [CIDRBlock]? {
        let key = Key(region: region.description, id: id)
        if let entries = lists[key] { return entries }
        let texts: [String]
        do {
            texts = try await session.ec2(region: region).getManagedPrefixListEntries(prefixListID: id)
        } catch let error as AWSServiceError where error.has(code: "InvalidPrefixListID.NotFound") {
            return nil
        }
        let blocks = texts.compactMap { CIDRBlock($0) }
        lists[key] = .some(blocks.count == texts.count ? blocks : nil)
        return blocks.count == texts.count ? blocks : nil
    }
}
