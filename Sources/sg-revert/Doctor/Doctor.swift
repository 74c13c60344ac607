import AWSClient
import Foundation
import PolicyFile
import SecurityGroups
import Worker

/// Looks at everything that the worker needs, one thing after the other, and changes nothing.
struct Doctor {
    let session: AWSSession
    let queueURL: String
    let deadLetterQueueURL: String?
    let policy: PolicySource?
    let ledgerPath: String
    let topicARN: String?
    let now: @Sendable () -> Date

    /// What every check found, in the order in which a person would fix it.
    func findings() async -> [Finding] {
        let credentials = await credentials()
        let canAsk = credentials.allSatisfy { $0.status != .problem }
        let asked =
            canAsk
            ? await queue() + [permissions()]
            : ["queue", "redrive", "permissions"].map { .warning($0, "not asked, for want of credentials") }
        return credentials + [endpoint()] + asked + [policyFinding(), ledger(), topic()]
    }

    // MARK: AWS

    private func credentials() async -> [Finding] {
        let place: Finding
        do {
            let found = try await session.credentials
            let end = found.expiration.map { ", until \(rfc3339($0))" } ?? ""
            place = .ok("credentials", "\(found.source ?? "a provider")\(end)")
        } catch {
            return [.problem("credentials", "\(error)", fix: "give the worker credentials, such as a role")]
        }
        do {
            let identity = try await session.sts(region: region).getCallerIdentity()
            return [place, .ok("identity", "\(identity.arn) in account \(identity.account)"), clock(identity)]
        } catch {
            return [place, .problem("identity", "\(error)", fix: "renew the credentials; check the endpoint of STS")]
        }
    }

    /// The default Region, else the queue's own.
    private var region: AWSRegion? {
        session.region ?? (try? session.sqs(queueURL: queueURL))?.region
    }

    private func clock(_ identity: CallerIdentity) -> Finding {
        guard let answeredAt = identity.answeredAt else { return .warning("clock", "AWS did not tell the time") }
        let skew = Int(now().timeIntervalSince(answeredAt).rounded())
        let text = "\(abs(skew)) s \(skew < 0 ? "behind" : "ahead of") AWS's"
        // SigV4 ends at 5 minutes. The client corrects that for itself, but not what is young enough to be awaited.
        if abs(skew) >= 300 { return .problem("clock", text, fix: "set the clock; run an NTP client") }
        return abs(skew) >= 10 ? .warning("clock", text, fix: "run an NTP client") : .ok("clock", text)
    }

    private func endpoint() -> Finding {
        do {
            let sqs = try session.sqs(queueURL: queueURL)
            let region = session.region.map { "default Region \($0)" } ?? "no default Region"
            return .ok("endpoint", "\(sqs.endpoint) signed for \(sqs.region); \(region)")
        } catch {
            return .problem("endpoint", "\(error)", fix: "set AWS_REGION; check --queue-url and AWS_ENDPOINT_URL")
        }
    }

    private func permissions() async -> Finding {
        let action = "ec2:DescribeSecurityGroupRules"
        guard let region else { return .problem("permissions", "no Region to ask in", fix: "set AWS_REGION") }
        do {
            try await session.ec2(region: region).dryRunDescribeSecurityGroupRules()
            return .ok("permissions", "\(action) in \(region)")
        } catch {
            return .problem("permissions", "\(error)", fix: "allow \(action) and ec2:RevokeSecurityGroup*")
        }
    }

    // MARK: The queue

    private func queue() async -> [Finding] {
        let sqs: SQSClient
        let queue: WorkQueue
        let attributes: QueueAttributes
        do {
            sqs = try session.sqs(queueURL: queueURL)
            queue = WorkQueue(sqs: sqs, url: queueURL)
            attributes = try await queue.attributes()
        } catch {
            let fix = "check --queue-url; allow sqs:GetQueueAttributes, ReceiveMessage, DeleteMessage and the like"
            return [.problem("queue", "\(error)", fix: fix)]
        }
        let hidden = "messages stay hidden for \(attributes.visibilityTimeout.components.seconds) s"
        return [.ok("queue", "\(queueURL): \(hidden)"), await redrive(queue, attributes)]
    }

    private func redrive(_ queue: WorkQueue, _ attributes: QueueAttributes) async -> Finding {
        let deadLetters: DeadLetterQueue
        do {
            deadLetters = try await queue.deadLetterQueue(at: deadLetterQueueURL)
        } catch {
            let fix = "give the queue a redrive policy; allow sqs:GetQueueUrl on its target"
            return .problem("redrive", "\(error)", fix: fix)
        }
        guard let count = attributes.maxReceiveCount else {
            let detail = "the queue moves nothing to \(deadLetters.url) by itself"
            return .warning("redrive", detail, fix: "give the queue a redrive policy, as a net below the worker")
        }
        let detail = "to \(deadLetters.url) after \(count) receives"
        // Each failure and each restart takes one receive.
        guard count >= 3 else {
            return .problem("redrive", detail, fix: "set maxReceiveCount to 5: below 3 a short outage is enough")
        }
        return count <= 100
            ? .ok("redrive", detail)
            : .warning("redrive", detail, fix: "set maxReceiveCount to 5: what fails so often is lost in the queue")
    }

    // MARK: Settings

    private func policyFinding() -> Finding {
        guard let policy else { return .problem("policy", "there is none", fix: "set --policy or --group") }
        do throws(PolicyFailure) {
            _ = try policy.load()
        } catch {
            let lines = error.problems.map(\.description).joined(separator: "; ")
            return .problem("policy", lines, fix: "see sg-revert policy check")
        }
        switch policy {
        case .file(let path): return .ok("policy", path)
        case .groups(let ids):
            let names = ids.map(\.description).joined(separator: ", ")
            return .ok("policy", "every rule added to the ingress of \(names)")
        }
    }

    private func topic() -> Finding {
        guard let topicARN else { return .ok("topic", "no notifications are asked for") }
        do {
            _ = try session.sns(topicARN: topicARN)
            return .ok("topic", topicARN)
        } catch {
            return .problem("topic", "\(error)", fix: "set --topic-arn to the topic's ARN")
        }
    }
}
