import AWSClient
import Formats
import Logging
import SecurityGroups
import Worker

/// Logs the worker's settings, so that the log tells which policy and which identity made its decisions.
struct StartReport: Sendable {
    let session: AWSSession
    let options: WorkerOptions
    let source: PolicySource
    let logger: Logger

    /// Logs the settings.
    func tellSettings() {
        let policy = options.policies.current
        let watch = policy.watch.map(\.origin)
        logger.notice(
            "worker starting",
            metadata: [
                "version": "\(Version.text)",
                "policy": "\(plainText(source.path ?? "--group"))",
                "policy.digest": "\(policy.digest)",
                "policy.watch": "\(watch.prefix(20).joined(separator: ","))\(watch.count > 20 ? ",…" : "")",
                "policy.entries": .stringConvertible(watch.count),
                "regions": "\(regions.joined(separator: ","))",
                "queue.url": "\(plainText(options.queueURL))",
                "dry.run": .stringConvertible(options.isDryRun),
            ]
        )
    }

    /// Logs the identity and its account when STS has answered. Nothing waits for it.
    func tellIdentity() async {
        do {
            let region = try session.sqs(queueURL: options.queueURL).region
            let identity = try await session.sts(region: region).getCallerIdentity()
            logger.notice(
                "worker identity",
                metadata: ["account": "\(identity.account)", "identity": "\(plainText(identity.arn))"]
            )
            let finding = Doctor.identity(identity)
            if let fix = finding.fix { logger.warning("\(finding.detail): \(fix)") }
        } catch {
            logger.info("worker identity not known", metadata: ["error": "\(plainText("\(error)"))"])
        }
    }

    /// The queue's Region and those that the policy names.
    private var regions: [String] {
        if let chosen = options.regions { return chosen.sorted() }
        let own = (try? session.sqs(queueURL: options.queueURL).region.description).map { [$0] } ?? []
        return Set(own + options.policies.current.watch.flatMap { $0.regions ?? [] }).sorted()
    }
}
