import AWSClient
import Formats
import Foundation
import Ledger
import Worker

extension Doctor {
    /// Checks the queue, its policy, its dead-letter queue and the calls on both.
    func queue(_ session: AWSSession, ownAccount: String?) async -> [Finding] {
        let dependent = ["visibility", "queue-policy", "redrive"]
        guard let url = setup.queueURL, let sqs = try? session.sqs(queueURL: url) else {
            return notTried(["queue"] + dependent, "no queue that can be asked")
        }
        let attributes: [String: String]
        var findings: [Finding] = []
        do {
            attributes = try await sqs.getQueueAttributes(queueURL: url)
            findings.append(.ok("queue", "\(url): about \(attributes["ApproximateNumberOfMessages"] ?? "0") messages"))
        } catch {
            var fix = "check --queue-url; allow sqs:GetQueueAttributes on the queue to the worker's role"
            if case AWSClientError.transport = error { fix = "check the network, AWS_ENDPOINT_URL and --queue-url" }
            // The queue does not exist, or nothing answered. No other call can find out more.
            guard let refused = error as? AWSServiceError, refused.code.hasPrefix("AccessDenied") else {
                return [.problem("queue", "\(error)", fix: fix)] + notTried(dependent, "the queue did not answer")
            }
            return await [.problem("queue", "\(error)", fix: fix)]
                + notTried(dependent, "the queue's attributes are unknown")
                + calls(sqs, url) + deadLetterCalls(sqs, WorkQueue(sqs: sqs, url: url)).findings
        }
        findings.append(Self.visibility(attributes))
        findings.append(
            QueuePolicyReview(
                policy: attributes["Policy"],
                ownAccount: ownAccount ?? QueuePolicyReview.account(of: attributes),
                trustsOnlySome: setup.trustsOnlySome
            )
            .finding
        )
        findings += await calls(sqs, url)
        findings += await redrive(session, sqs, url)
        findings.append(senders())
        return findings
    }

    /// Lists the senders of the messages that the workers of this ledger received.
    ///
    /// The doctor reads them from the ledger. SQS names a sender only in the answer to a receive, and a receive by the doctor would
    /// count toward maxReceiveCount.
    func senders() -> Finding {
        guard let path = setup.ledgerPath, let reader = try? LedgerReader(path: path) else {
            return .notTried("senders", "no ledger to read them from; the worker writes them down")
        }
        do {
            let seen = try reader.senders()
            guard !seen.isEmpty else { return .notTried("senders", "no message has come so far") }
            let list = seen.prefix(20).map { "\(plainText($0.id)) (last \(RFC3339.format($0.lastSeen)))" }
            let more = seen.count > list.count ? " and \(seen.count - list.count) more" : ""
            return .ok("senders", list.joined(separator: ", ") + more)
        } catch {
            return .notTried("senders", "\(error)")
        }
    }

    static func visibility(_ attributes: [String: String]) -> Finding {
        let seconds = attributes["VisibilityTimeout"].flatMap { Int($0) } ?? 30
        let detail = "messages stay hidden for \(seconds) s"
        guard seconds < 30 else { return .ok("visibility", detail) }
        return .problem("visibility", detail, fix: "set the queue's visibility timeout to 60 s")
    }

    private func calls(_ sqs: SQSClient, _ url: String) async -> [Finding] {
        await [
            .of(sqs.probeReceive(queueURL: url), "sqs:ReceiveMessage", on: url),
            .of(sqs.probeDelete(queueURL: url), "sqs:DeleteMessage", on: url),
            .of(sqs.probeChangeVisibility(queueURL: url), "sqs:ChangeMessageVisibility", on: url),
        ]
    }

    // MARK: Dead letters

    private func redrive(_ session: AWSSession, _ sqs: SQSClient, _ url: String) async -> [Finding] {
        if let target = setup.deadLetterQueueURL {
            do {
                try DeadLetterQueue.check(target, beside: url, session: session)
            } catch {
                let fix = "name a queue of the same host and Region, or leave it to the queue's redrive policy"
                return [.problem("redrive", "\(error)", fix: fix)]
            }
        }
        let queue = WorkQueue(sqs: sqs, url: url)
        let calls = await deadLetterCalls(sqs, queue)
        guard let target = calls.target else { return calls.findings }
        guard let count = (try? await queue.attributes())?.maxReceiveCount else {
            let detail = "the queue moves nothing to \(target) by itself"
            let fix = "give the queue a redrive policy, as a net below the worker"
            return [.warning("redrive", detail, fix: fix)] + calls.findings
        }
        return [Self.redrive(to: target, after: count)] + calls.findings
    }

    static func redrive(to target: String, after count: Int) -> Finding {
        let detail = "to \(target) after \(count) receives"
        // Each failure and each restart uses one receive.
        guard count >= 3 else {
            return .problem("redrive", detail, fix: "set maxReceiveCount to 5: below 3 a short outage is enough")
        }
        return count <= 100
            ? .ok("redrive", detail)
            : .warning("redrive", detail, fix: "set maxReceiveCount to 5: what fails so often is lost in the queue")
    }

    /// Checks that the dead-letter queue exists and accepts messages.
    private func deadLetterCalls(_ sqs: SQSClient, _ queue: WorkQueue) async -> (findings: [Finding], target: String?) {
        let target: String
        let remarks: [String]
        do {
            let letters = try await queue.deadLetterQueue(at: setup.deadLetterQueueURL)
            target = letters.url
            remarks = try await letters.check()
        } catch {
            let fix = "give the queue a redrive policy, or set --dead-letter-queue-url; allow sqs:GetQueueUrl on it"
            return ([.problem("redrive", "\(error)", fix: fix)], nil)
        }
        let answer = await sqs.probeSend(queueURL: target)
        if case .missing(let error) = answer {
            let fix = "create the dead-letter queue, or set --dead-letter-queue-url to one that exists"
            return ([.problem("redrive", error, fix: fix)], nil)
        }
        let notes = remarks.map { Finding.warning("dead-letter-queue", $0, fix: "remove that redrive policy") }
        return ([.of(answer, "sqs:SendMessage", on: target)] + notes, target)
    }
}
