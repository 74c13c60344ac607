import AWSClient
import Foundation
import SecurityGroups
import Worker

/// Checks everything that the worker needs, and changes nothing. Every check runs, even if others fail.
struct Doctor: Sendable {
    /// The settings of the worker. A setting that is missing or cannot be used is nil, and is a finding of its own.
    struct Setup: Sendable {
        var session: AWSSession?
        var queueURL: String?
        var deadLetterQueueURL: String?
        var policySource: PolicySource?
        var policy: Policy?
        var ledgerPath: String?
        var topicARN: String?
        var webhook: Webhook?
        var eventBus: String?
        var roles: RoleSessions?
        /// The Regions of the setting. If empty, the queue's Region and those that the policy names are used.
        var regions: [AWSRegion] = []
        /// True if a setting limits whose messages are believed.
        var trustsOnlySome = false
        var isDryRun = false
    }

    let setup: Setup
    let now: @Sendable () -> Date

    /// All findings, in the order in which a person would fix them.
    func findings() async -> [Finding] {
        guard let session = setup.session else {
            return notTried(Self.awsChecks, "no session with AWS") + [policy(), ledger()]
        }
        let account = await account(session)
        guard account.hasCredentials else {
            return account.findings + endpoint(session) + notTried(Self.awsChecks, "no credentials")
                + [policy(), ledger()]
        }
        async let queue = queue(session, ownAccount: account.number)
        async let groups = groups(session, ownAccount: account.number)
        async let topic = topic(session)
        async let webhook = webhook(session)
        async let eventBus = eventBus(session)
        async let roles = roles(ownAccount: account.number)
        return await account.findings + endpoint(session) + queue + [policy()] + groups + roles + topic + webhook
            + eventBus + [ledger()]
    }

    /// The checks that need credentials.
    static let awsChecks = ["queue", "redrive", "permissions", "groups", "topic"]

    func notTried(_ checks: [String], _ reason: String) -> [Finding] {
        checks.map { .notTried($0, "not tried: \(reason)") }
    }

    /// The Regions to check: the queue's, or else the default one, and those that the policy names.
    func regions(_ session: AWSSession) -> [AWSRegion] {
        guard setup.regions.isEmpty else { return setup.regions }
        let own = setup.queueURL.flatMap { try? session.sqs(queueURL: $0).region } ?? session.region
        let named = (setup.policy?.watch ?? []).flatMap { $0.regions ?? [] }.sorted().compactMap { AWSRegion($0) }
        var seen: Set<AWSRegion> = []
        return ((own.map { [$0] } ?? []) + named).filter { seen.insert($0).inserted }
    }
}
