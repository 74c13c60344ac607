import Foundation
import Ledger
import SecurityGroups
import TestSupport

/// A directory with ledgers for one test, and the built program to ask them.
final class AuditFolder: Sendable {
    private let directory: URL

    init() throws {
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("audit-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: directory)
    }

    func path(_ name: String) -> String {
        directory.appendingPathComponent(name).path
    }

    /// Makes a ledger of events e0, e1, … that each came to `outcome`.
    ///
    /// - Parameters:
    ///   - reason: The reason of the outcome.
    ///   - hostile: Stands in every text of the events that others write.
    func ledger(
        _ name: String,
        events: Int = 1,
        outcome: EventOutcome = .reverted,
        reason: String? = nil,
        age: TimeInterval = 0,
        hostile: String? = nil
    ) async throws -> String {
        let path = path("\(name).db")
        let ledger = try LedgerDatabase(path: path, worker: name) { Date(timeIntervalSinceNow: -age) }
        let rule = RuleResult(
            ruleID: "sgr-1",
            groupID: "sg-1",
            direction: .ingress,
            ipProtocol: "tcp",
            fromPort: 22,
            toPort: 22,
            source: hostile ?? "0.0.0.0/0",
            description: hostile,
            decision: .revert,
            reason: "watch[0]",
            outcome: .reverted,
            undo: "aws ec2 authorize" + (hostile ?? "")
        )
        let call = APICall(
            action: "RevokeSecurityGroupIngress",
            startedAt: Date(),
            milliseconds: 9,
            requestIDs: ["r1"]
        )
        let result = RunResult(
            outcome: outcome,
            reason: reason ?? hostile,
            rules: [rule],
            exposedMilliseconds: outcome == .reverted ? 1500 : nil,
            calls: [call],
            errorMessage: hostile
        )
        for number in 0..<events {
            let event = EventFacts(
                eventID: "e\(number)" + (hostile ?? ""),
                eventName: hostile ?? "AuthorizeSecurityGroupIngress",
                account: hostile ?? "111122223333",
                region: hostile ?? "eu-west-1",
                groupID: hostile ?? "sg-1",
                actorARN: hostile ?? "arn:aws:sts::111122223333:assumed-role/dev/anna",
                issuerARN: hostile ?? "arn:aws:iam::111122223333:role/dev",
                sourceIP: hostile,
                userAgent: hostile,
                eventTime: Date(timeIntervalSinceNow: Double(number) - age - 1000)
            )
            try await ledger.write { transaction in
                let delivery = Delivery(messageID: "m\(number)", receivedAt: Date(timeIntervalSinceNow: -age))
                guard case .run(let claim) = try transaction.claim(event, delivery: delivery) else { return }
                try transaction.finish(claim, with: result)
            }
        }
        return path
    }

    /// Runs the built program, or another one in whose arguments `$program` stands for it.
    func run(
        _ arguments: [String],
        program: String? = nil
    ) async throws -> (status: Int32, output: String, errors: String) {
        let built = ChildProcess.built("sg-revert")
        let result = try await ChildProcess(
            program.map { URL(fileURLWithPath: $0) } ?? built,
            arguments.map { $0 == "$program" ? built.path : $0 },
            environment: ["HOME": directory.path, "PATH": "/usr/bin:/bin"],
            in: directory
        ).end()
        return (result.exitCode, result.output, result.errors)
    }
}
