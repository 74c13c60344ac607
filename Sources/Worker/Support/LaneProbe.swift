import AWSClient
import Ledger
import SecurityGroups

/// Tries a lane with a call that changes nothing.
struct LaneProbe: Sendable {
    let options: WorkerOptions
    let session: AWSSession
    let gateway: SecurityGroupGateway
    /// A writer that does not wait for the lane.
    let writer: LedgerWriter

    /// The id of no rule of EC2. A look for it costs next to nothing.
    private static let noRule = SecurityGroupRuleID("sgr-00000000000000000")

    /// - Throws: The error of the call.
    func callAsFunction(_ lane: Lane) async throws {
        switch lane.service {
        case .ledger:
            // On a full disk, a write that changes nothing would succeed.
            try await writer.writeOnce { try $0.note(entry: ["lane": .text("\(lane)")]) }
        case .queue:
            // The receivers try this lane themselves.
            return
        case .deletes:
            let url = options.queueURL
            try await WorkQueue(sqs: session.sqs(queueURL: url), url: url).tryDelete()
        case .ec2:
            guard let region = lane.region, let rule = Self.noRule else { return }
            _ = try await gateway.rules([rule], in: Place(account: lane.account, region: region))
        case .dynamodb:
            guard let claimsTable = options.claimsTable else { return }
            _ = try await session.dynamodb(region: lane.region).write(ClaimsTableProbe.write, table: claimsTable)
        case .sts:
            _ = try await session.sts(region: lane.region).getCallerIdentity()
        }
    }
}
