import AWSClient
import Foundation
import Ledger
package import SecurityGroups

/// A rule that a sweep found without a reason to stand.
package struct SweptRule: Hashable, Sendable {
    /// The rule's id.
    package let ruleID: String
    /// The outcome of its revert; nil if nothing was tried, or if another worker has it.
    package let outcome: EventOutcome?

    /// True where the rule does not stand any more, or was found to be allowed.
    package var isSettled: Bool {
        outcome == .reverted || outcome == .unchanged || outcome == .allowed
    }
}

extension RevertWorker {
    /// Looks once at the rules that stand. If `isReverting` is true, reverts the rules that nothing explains.
    ///
    /// - Parameters:
    ///   - groups: the groups to look at; empty for all that the policy watches.
    ///   - isReverting: True to judge each rule as the event `Sweep`, once it has stood for two settle times.
    ///   - looked: called after the look and before anything is changed.
    /// - Returns: the rules that stood unexplained.
    /// - Throws: The error of EC2 or of the ledger.
    package func sweep(
        _ groups: [SecurityGroupID],
        isReverting: Bool,
        looked: (Set<SecurityGroupRuleID>) throws -> Void
    ) async throws -> [SweptRule] {
        let pipeline = try pipelineWithoutQueue()
        let keeper = stateKeeper(pipeline) {}
        let policies = options.policies
        let reading = try await pipeline.claims.shared.exemptions()
        try await writer.write { transaction in
            try reading?.learn(in: transaction)
            policies.exempt(try transaction.exemptionsInForce())
        }
        let policy = policies.current
        var standing: Set<SecurityGroupRuleID> = []
        for place in await keeper.places(policy) {
            let seen = try await keeper.reader.read(place, policy: policy, only: groups.isEmpty ? nil : groups)
            standing.formUnion(seen.rules)
        }
        let shown = standing
        for rule in try await writer.write({ try $0.unexplainedRules() }) where shown.contains(rule.id) {
            _ = try await pipeline.explanation(of: rule)
        }
        try looked(shown)
        let found = try await writer.write { try $0.unexplainedRules() }.filter { shown.contains($0.id) }
        guard isReverting else { return found.map { SweptRule(ruleID: $0.id.description, outcome: nil) } }
        let settled = found.map(\.since).max().map { $0.addingTimeInterval(2 * options.settle.seconds) }
        if let settled, settled > clock.now() {
            try await clock.sleep(.seconds(settled.timeIntervalSince(clock.now()) + 0.01))
        }
        let (now, isDryRun) = (clock.now(), options.isDryRun)
        var outcomes: [SecurityGroupRuleID: EventOutcome] = [:]
        try await pipeline.claims.forUnexplained(since: now, isDryRun: isDryRun) { part in
            for unexplained in part where shown.contains(unexplained.rule.id) {
                outcomes[unexplained.rule.id] = try await pipeline.judge(OwnRun(sweeping: unexplained), logger: logger)
            }
        }
        return found.map { SweptRule(ruleID: $0.id.description, outcome: outcomes[$0.id]) }
    }

    private func pipelineWithoutQueue() throws -> MessagePipeline {
        let noQueue = QueueState(.init(), logger: logger) { .init() }
        let queueRegion = options.queueURL.isEmpty ? nil : try session.sqs(queueURL: options.queueURL).region
        return pipeline(region: session.region?.description ?? "", noQueue, try claims(inRegion: queueRegion)) {}
    }
}

extension EventClaims {
    /// Calls `body` with all rules that stand without a reason since before `time`, one part after the other.
    func forUnexplained(
        since time: Date,
        isDryRun: Bool,
        _ body: ([LedgerTransaction.Unexplained]) async throws -> Void
    ) async throws {
        let settled = try await settledElsewhere(since: time)
        var last: StandingRule?
        repeat {
            let after = last
            let part = try await writer.write {
                try $0.unexplained(since: time, isDryRun: isDryRun, settled: settled, after: after)
            }
            try await body(part.found)
            last = part.last
        } while last != nil
    }

    /// The ids of events that are open in this ledger, keep a rule from being swept, and have ended on another host. Their messages do
    /// not come back.
    private func settledElsewhere(since time: Date) async throws -> [String] {
        guard shared.isShared else { return [] }
        var settled: [String] = []
        for eventID in try await writer.write({ try $0.awaitedEvents(since: time) }) {
            if try await shared.isSettled(eventID) { settled.append(eventID) }
        }
        return settled
    }
}
