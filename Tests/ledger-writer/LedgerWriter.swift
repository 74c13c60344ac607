import Foundation
import Ledger
import SecurityGroups
import Synchronization

/// Writes a ledger as a worker would, without a queue or AWS: what tests kill, and what benches measure.
///
/// Arguments: the ledger, the worker's name, how many events, how many in one transaction, and the prefix of their ids:
/// writers with one prefix compete for the same events. Each event that it won and finished is a line on stdout, written
/// when the ledger has it; the last line is its figures, as JSON.
@main
struct LedgerWriter {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 6, let count = Int(arguments[3]), let batch = Int(arguments[4]), batch > 0 else {
            fail("usage: ledger-writer LEDGER WORKER COUNT BATCH PREFIX")
        }
        do {
            let ledger = try LedgerDatabase(path: arguments[1], worker: arguments[2]) { Date() }
            try await write(count, by: batch, prefix: arguments[5], to: ledger)
        } catch {
            fail("\(error)")
        }
    }

    private static func write(_ count: Int, by batch: Int, prefix: String, to ledger: LedgerDatabase) async throws {
        let start = ContinuousClock.now
        var commits: [Duration] = []
        var won = 0
        for first in stride(from: 0, to: count, by: batch) {
            let numbers = first..<min(first + batch, count)
            let claims = Mutex<[Claim]>([])
            commits.append(
                try await timed(
                    ledger,
                    numbers.map { number in
                        { transaction in
                            let event = EventFacts(number: number, prefix: prefix)
                            let delivery = Delivery(messageID: "m\(number)", receivedAt: Date())
                            if case .run(let claim) = try transaction.claim(event, delivery: delivery) {
                                claims.withLock { $0.append(claim) }
                            }
                        }
                    }
                )
            )
            let held = claims.withLock { $0 }
            commits.append(
                try await timed(ledger, held.map { claim in { try $0.finish(claim, with: RunResult(of: claim)) } })
            )
            won += held.count
            say(held.map { $0.eventID + "\n" }.joined())
        }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let latencies = commits.sorted()
        func milliseconds(_ share: Double) -> Double {
            latencies.isEmpty ? 0 : latencies[Int(Double(latencies.count - 1) * share)] / .milliseconds(1)
        }
        say(
            "{\"events\":\(won),\"seconds\":\(seconds),\"commit_ms_median\":\(milliseconds(0.5)),"
                + "\"commit_ms_p95\":\(milliseconds(0.95))}\n"
        )
    }

    private static func timed(
        _ ledger: LedgerDatabase,
        _ bodies: [@Sendable (LedgerTransaction) throws -> Void]
    ) async throws -> Duration {
        let start = ContinuousClock.now
        for case let error? in try await ledger.write(bodies) { throw error }
        return ContinuousClock.now - start
    }

    private static func say(_ text: String) {
        FileHandle.standardOutput.write(Data(text.utf8))
    }

    private static func fail(_ text: String) -> Never {
        FileHandle.standardError.write(Data("\(text)\n".utf8))
        exit(1)
    }
}

extension EventFacts {
    /// An event as long as real ones are, each with another actor, group and time.
    fileprivate init(number: Int, prefix: String) {
        let account = 111_122_223_333 + number % 7
        let role = ["deploy", "dev", "admin", "ops", "data"][number * 7 % 5]
        self.init(
            eventID: "\(prefix)-4f9d-4c1b-8e5f-\(number)",
            eventName: "AuthorizeSecurityGroupIngress",
            account: "\(account)",
            region: ["eu-west-1", "us-east-1", "eu-central-1"][number % 3],
            groupID: "sg-0a1b2c3d4e5f6\(1000 + number * 13 % 97)",
            actorARN: "arn:aws:sts::\(account):assumed-role/\(role)/person-\(number % 23)@example.com",
            issuerARN: "arn:aws:iam::\(account):role/\(role)",
            sourceIP: "198.51.100.\(number % 256)",
            userAgent: "aws-cli/2.31.0 md/awscrt#0.27.6 ua/2.1 os/linux#6.8 lang/python#3.13.7",
            eventTime: Date(timeIntervalSince1970: 1_760_000_000 + Double(number % 2_000_000) * 1.7),
            requestID: "6e1b1f64-\(prefix)-\(number)"
        )
    }
}

extension RunResult {
    /// Mostly reverts, of one rule each.
    fileprivate init(of claim: Claim) {
        let seed = claim.eventID.utf8.reduce(7) { ($0 * 31 + Int($1)) % 1_000_003 }
        let outcome: EventOutcome = [.reverted, .reverted, .reverted, .allowed, .unchanged, .reverted, .ignored][
            seed % 7
        ]
        let port = [22, 3389, 443, 5432][seed % 4]
        let source = ["0.0.0.0/0", "::/0", "203.0.113.0/24"][seed % 3]
        let rule = RuleResult(
            ruleID: "sgr-0\(seed)",
            groupID: "sg-0a1b2c3d4e5f60718",
            direction: .ingress,
            ipProtocol: "tcp",
            fromPort: port,
            toPort: port,
            source: source,
            decision: outcome == .allowed ? .allow : .revert,
            reason: "policy.yaml:3:5 watch[0]",
            outcome: outcome == .reverted ? .reverted : outcome == .allowed ? .allowed : .alreadyGone,
            undo: outcome == .reverted
                ? "aws ec2 authorize-security-group-ingress --region eu-west-1 --group-id sg-0a1b2c3d4e5f60718"
                    + " --ip-permissions '[{\"IpProtocol\":\"tcp\",\"FromPort\":\(port),\"ToPort\":\(port)}]'" : nil
        )
        let calls = [
            APICall(
                action: "DescribeSecurityGroupRules",
                startedAt: Date(),
                milliseconds: 85,
                requestIDs: ["d0c7be4e-\(seed)"]
            ),
            APICall(
                action: "RevokeSecurityGroupIngress",
                startedAt: Date(),
                milliseconds: 140,
                requestIDs: ["59dbff89-\(seed)"]
            ),
        ]
        let isReverted = outcome == .reverted
        self.init(
            outcome: outcome,
            rules: outcome == .ignored ? [] : [rule],
            exposedMilliseconds: isReverted ? Int64(900 + seed % 97 * seed % 9000) : nil,
            awsRequestID: isReverted ? "59dbff89-\(seed)" : nil,
            ownRequestIDs: isReverted ? ["59dbff89-\(claim.eventID)"] : [],
            calls: outcome == .ignored ? [] : isReverted ? calls : [calls[0]]
        )
    }
}
