import AWSClient
import Foundation
import Ledger
package import SecurityGroups

/// The result of the look of a sweep.
package struct SweptLook: Hashable, Sendable {
    /// The rules that stand in the groups that were looked at.
    package internal(set) var rules: Set<SecurityGroupRuleID> = []
    /// The groups that were asked for and not looked at: EC2 does not show them, or the policy leaves them alone.
    package internal(set) var missed: [SecurityGroupID] = []
    /// The places that could not be read, each with the error.
    package internal(set) var unreadPlaces: [String: String] = [:]
    /// The prefix lists that could not be read, each with the error.
    package internal(set) var unreadLists: [String: String] = [:]

    /// Nothing was seen yet of these groups.
    package init(missed: [SecurityGroupID] = []) {
        self.missed = missed
    }
}

/// A rule that a sweep found without a reason to stand.
package struct SweptRule: Hashable, Sendable {
    /// The rule's id.
    package let ruleID: String
    /// The outcome of its revert; nil if nothing was tried, or if another worker has it in hand.
    package let outcome: EventOutcome?
    /// True where nothing is tried because another host may know a reason: the fleet's table did not answer within the last minutes.
    package let awaitsTable: Bool

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
        looked: (SweptLook) throws -> Void
    ) async throws -> [SweptRule] {
        let pipeline = try pipelineWithoutQueue()
        let keeper = stateKeeper(pipeline) {}
        let look = try await look(at: groups, with: keeper, pipeline)
        let shown = look.rules
        try looked(look)
        let found = try await writer.write { try $0.unexplainedRules() }.filter { shown.contains($0.id) }
        guard isReverting else { return try await swept(found.map { ($0, nil) }, pipeline) }
        let settled = found.map(\.since).max().map { $0.addingTimeInterval(2 * options.settle.seconds) }
        if let settled, settled > clock.now() {
            try await clock.sleep(.seconds(settled.timeIntervalSince(clock.now()) + 0.01))
        }
        let (now, isDryRun) = (clock.now(), options.isDryRun)
        try await pipeline.claims.forUnexplained(since: now, isDryRun: isDryRun) { part in
            await keeper.judge(part.filter { shown.contains($0.rule.id) }.map(OwnRun.init(sweeping:)))
        }
        let judged = try await writer.write { transaction in
            let left = Set(try transaction.unexplainedRules().map(\.id))
            return try found.map { rule in
                // Another worker may have judged the rule, or a record of it may have come.
                (rule, try transaction.sweepOutcome(of: rule) ?? (left.contains(rule.id) ? nil : .unchanged))
            }
        }
        return try await swept(judged, pipeline)
    }

    private func swept(
        _ judged: [(rule: StandingRule, outcome: EventOutcome?)],
        _ pipeline: MessagePipeline
    ) async throws -> [SweptRule] {
        let isWhole = try await pipeline.isTableWhole
        return judged.map { rule, outcome in
            SweptRule(ruleID: rule.id.description, outcome: outcome, awaitsTable: outcome == nil && !isWhole)
        }
    }

    /// Reads the rules that stand into the ledger, and asks the table about those that nothing explains.
    private func look(
        at groups: [SecurityGroupID],
        with keeper: StateKeeper,
        _ pipeline: MessagePipeline
    ) async throws -> SweptLook {
        let policies = options.policies
        let reading = try await pipeline.claims.shared.exemptions()
        try await writer.write { transaction in
            try reading?.learn(in: transaction)
            policies.exempt(try transaction.exemptionsInForce())
        }
        let policy = policies.current
        var look = SweptLook(missed: groups)
        let places = await keeper.places(policy)
        for place in places {
            let seen: SnapshotReader.Seen
            do {
                seen = try await keeper.reader.read(place, policy: policy, only: groups.isEmpty ? nil : groups)
            } catch let error where !(error is CancellationError || error is LedgerError) && places.count > 1 {
                let account = place.account.map { "account \($0), " } ?? ""
                look.unreadPlaces["\(account)\(place.region)"] = "\(error)"
                continue
            }
            look.rules.formUnion(seen.rules)
            look.missed.removeAll { seen.groups.contains($0) }
            look.unreadLists.merge(seen.unreadLists) { $1 }
        }
        for rule in try await writer.write({ try $0.unexplainedRules() }) where look.rules.contains(rule.id) {
            _ = try await pipeline.explanation(of: rule)
        }
        return look
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
