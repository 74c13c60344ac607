import AWSClient
import CloudTrailEvents
import SecurityGroups

/// What AWS says of the groups that events are about, each asked once.
struct LiveGroups {
    private let session: AWSSession
    private var known: [Key: DescribedSecurityGroup?] = [:]

    private struct Key: Hashable {
        let region: String
        let groupID: String
    }

    init(session: AWSSession) {
        self.session = session
    }

    /// The group of a change; nil where it is gone, or the record names none that can exist.
    mutating func group(of message: DecodedMessage) async throws -> DescribedSecurityGroup? {
        guard case .change(let event, let change) = message,
            let region = event.region.flatMap({ AWSRegion($0) }),
            let id = change.groupID.flatMap({ SecurityGroupID($0) })
        else { return nil }
        let key = Key(region: region.description, groupID: id.description)
        if let group = known[key] { return group }
        let filter = EC2Filter(name: "group-id", values: [id.description])
        let group = try await session.ec2(region: region).describeSecurityGroups(filters: [filter]).first
        known[key] = .some(group)
        return group
    }
}
