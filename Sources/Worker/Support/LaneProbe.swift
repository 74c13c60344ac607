import AWSClient
import Ledger
import SecurityGroups

/// Tries a lane with a call that changes nothing.
struct LaneProbe: Sendable {
    let session: AWSSession
    let queueURL: String
    let gateway: SecurityGroupGateway
    /// A writer that does not wait for the lane.
    let writer: LedgerWriter

    /// A rule that EC2 never makes. A look for it costs next to nothing.
    private static let noRule = SecurityGroupRuleID("sgr-00000000000000000")

    /// - Throws: what the call failed with.
    func callAsFunction(_ lane: Lane) async throws {
        switch lane.service {
        case .ledger:
            // A write that changes nothing would get through on a full disk.
            try await writer.writeOnce { try $0.note(entry: ["lane": .text("\(lane)")]) }
        case .queue:
            // The receivers try it themselves.
            return
        case .deletes:
            try await WorkQueue(sqs: session.sqs(queueURL: queueURL), url: queueURL).tryDelete()
        case .ec2:
            guard let region = lane.region, let rule = Self.noRule else { return }
            _ = try await gateway.rules([rule], in: Place(account: lane.account, region: region))
        case .sts:
            _ = try await session.sts(region: lane.region).getCallerIdentity()
        }
    }
}
