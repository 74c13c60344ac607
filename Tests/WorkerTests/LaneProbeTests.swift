import AWSClient
import Foundation
import Ledger
import SecurityGroups
import Synchronization
import TestSupport
import Testing

@testable import Worker

/// A probe makes one harmless call of its lane.
@Suite struct LaneProbeTests {
    private let time = VirtualTime()
    private let aws: ScriptedAWS
    private let test: TestLedger

    init() throws {
        aws = ScriptedAWS(time: time)
        test = try TestLedger(time)
    }

    private func probe(table: String? = nil) throws -> LaneProbe {
        var options = WorkerOptions(queueURL: Name.queueURL, policy: .watching([]))
        options.claimsTable = table
        let session = try aws.session()
        return LaneProbe(
            options: options,
            session: session,
            gateway: SecurityGroupGateway(session: session),
            writer: LedgerWriter(try test.ledger)
        )
    }

    @Test(
        arguments: [
            (Lane.Service.queue, []), (.deletes, ["DeleteMessageBatch"]), (.ec2, ["DescribeSecurityGroupRules"]),
            (.sts, ["GetCallerIdentity"]), (.ledger, []),
        ] as [(Lane.Service, [String])]
    )
    func `each lane has its call`(service: Lane.Service, calls: [String]) async throws {
        try await probe()(Lane(service, region: AWSRegion("eu-west-1")))
        #expect(aws.with { $0.calls } == calls)
    }

    @Test func `the probe of the ledger writes, so that a full disk is noticed`() async throws {
        try await LedgerWriter(test.ledger).write { _ in }
        let entries = try #require(try test.value("SELECT count(*) FROM trail").flatMap { Int($0) })
        try await probe()(Lane(.ledger))
        #expect(try test.value("SELECT count(*) FROM trail") == "\(entries + 1)")
    }

    @Test func `the table is probed only where there is one, and fails where it does not exist`() async throws {
        try await probe()(Lane(.dynamodb))
        #expect(aws.with { $0.calls.isEmpty })
        await #expect(throws: AWSServiceError.self) { try await probe(table: "claims")(Lane(.dynamodb)) }
        aws.with {
            $0.tables["claims"] = [:]
            $0.calls = []
        }
        try await probe(table: "claims")(Lane(.dynamodb))
        let calls = aws.with { $0.calls }
        #expect(!calls.isEmpty && calls.allSatisfy { ["PutItem", "UpdateItem"].contains($0) })
    }

    @Test func `what AWS answers to the probe is thrown`() async throws {
        aws.with { $0.refusals["DeleteMessageBatch"] = [.sqsError("AccessDenied", status: 403)] }
        let error = await #expect(throws: AWSServiceError.self) { try await probe()(Lane(.deletes)) }
        #expect(error?.code == "AccessDenied")
    }

    @Test func `EC2 is not probed where no Region is known`() async throws {
        try await probe()(Lane(.ec2))
        #expect(aws.with { $0.calls.isEmpty })
    }
}
