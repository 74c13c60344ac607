package import Foundation
package import SecurityGroups

/// The result of one run of an event.
package struct RunResult: Hashable, Sendable {
    /// The event's outcome.
    package var outcome: EventOutcome
    /// The reason in one line; for an ignored event, the raw value of an `IgnoreReason`.
    package var reason: String?
    /// The result for each rule.
    package let rules: [RuleResult]
    /// Milliseconds from the event's time to the confirmed revoke of its last rule.
    package let exposedMilliseconds: Int64?
    /// EC2's id of the call that reverted, or that failed.
    package let awsRequestID: String?
    /// EC2's ids of all calls that changed something. CloudTrail's records of these calls are recognised by them.
    package let ownRequestIDs: [String]
    /// The calls to AWS that the run made, in their order.
    package var calls: [APICall]
    /// The code of the error, if there was one.
    package let errorCode: String?
    /// The message of the error, if there was one.
    package var errorMessage: String?
    /// True if nothing was to be changed.
    package let isDryRun: Bool
    /// The digest of the policy that decided, by which its lines can be found again; nil if no policy was asked.
    package var policyDigest: String?
    /// The rules that the run saw in EC2.
    package var sightings: [RuleSighting] = []
    /// The sources of approvals that do not last; see ``Policy/lending``.
    package var lending: Set<String> = []
    /// The time from which a suppressed event may run again.
    package var notBefore: Date?
    /// True if people are to be told, should this outcome become the event's.
    package var notify: Bool

    /// Creates a result.
    package init(
        outcome: EventOutcome,
        reason: String? = nil,
        rules: [RuleResult] = [],
        exposedMilliseconds: Int64? = nil,
        awsRequestID: String? = nil,
        ownRequestIDs: [String] = [],
        calls: [APICall] = [],
        errorCode: String? = nil,
        errorMessage: String? = nil,
        isDryRun: Bool = false,
        policyDigest: String? = nil,
        notify: Bool = false
    ) {
        self.outcome = outcome
        self.reason = reason?.bounded
        self.rules = rules
        self.exposedMilliseconds = exposedMilliseconds
        self.awsRequestID = awsRequestID?.bounded
        self.ownRequestIDs = ownRequestIDs.map(\.bounded)
        self.calls = calls
        self.errorCode = errorCode?.bounded
        self.errorMessage = errorMessage?.bounded
        self.isDryRun = isDryRun
        self.policyDigest = policyDigest?.bounded
        self.notify = notify
    }
}

extension RunResult {
    /// The result for a short row of an ignored or unreadable event: each text is cut at 200 bytes.
    package var shortened: RunResult {
        var short = RunResult(
            outcome: outcome,
            reason: reason?.bounded(to: 200),
            rules: rules,
            exposedMilliseconds: exposedMilliseconds,
            awsRequestID: awsRequestID,
            ownRequestIDs: ownRequestIDs,
            calls: calls,
            errorCode: errorCode?.bounded(to: 200),
            errorMessage: errorMessage?.bounded(to: 200),
            isDryRun: isDryRun,
            policyDigest: policyDigest,
            notify: notify
        )
        short.sightings = sightings
        short.notBefore = notBefore
        return short
    }
}

/// One call to AWS that a run made, or shared with other runs.
package struct APICall: Hashable, Sendable {
    /// EC2's name of the action.
    package let action: String
    /// The time at which the run asked for the call, before any wait for a call under way.
    package let startedAt: Date
    /// The time from then until the answer, retries included.
    package let milliseconds: Int64
    /// AWS's ids of the requests, as far as they are known: several if the answer had several pages or tries.
    package let requestIDs: [String]
    /// The error, if the call failed.
    package let error: String?

    /// Creates a call.
    package init(
        action: String,
        startedAt: Date,
        milliseconds: Int64,
        requestIDs: [String] = [],
        error: String? = nil
    ) {
        self.action = action.bounded
        self.startedAt = startedAt
        self.milliseconds = milliseconds
        self.requestIDs = requestIDs.map(\.bounded)
        self.error = error?.bounded
    }
}

/// The result for one rule.
package struct RuleResult: Hashable, Sendable {
    /// EC2's id of the rule, if it is known.
    package let ruleID: String?
    /// False if the record names no id, so that the rule was found by its content. Another call may have added it.
    package let isNamed: Bool
    /// The group that has it.
    package let groupID: String?
    /// Ingress or egress.
    package let direction: Direction
    /// The protocol, in EC2's spelling.
    package let ipProtocol: String
    /// The first port, or the ICMP type.
    package let fromPort: Int?
    /// The last port, or the ICMP code.
    package let toPort: Int?
    /// The other end: a CIDR block, a prefix list or a group.
    package let source: String
    /// The rule's description.
    package let description: String?
    /// The policy's decision; nil if it was not asked.
    package let decision: RuleDecision?
    /// The policy line that decided.
    package let reason: String?
    /// The outcome.
    package let outcome: RuleOutcome
    /// The whole command that brings the rule back. It is never cut, because half a command is dangerous.
    package let undo: String?

    /// Creates a result.
    package init(
        ruleID: String? = nil,
        isNamed: Bool = true,
        groupID: String? = nil,
        direction: Direction,
        ipProtocol: String,
        fromPort: Int? = nil,
        toPort: Int? = nil,
        source: String,
        description: String? = nil,
        decision: RuleDecision? = nil,
        reason: String? = nil,
        outcome: RuleOutcome,
        undo: String? = nil
    ) {
        self.ruleID = ruleID?.bounded
        self.isNamed = isNamed
        self.groupID = groupID?.bounded
        self.direction = direction
        self.ipProtocol = ipProtocol.bounded
        self.fromPort = fromPort
        self.toPort = toPort
        self.source = source.bounded
        self.description = description?.bounded
        self.decision = decision
        self.reason = reason?.bounded
        self.outcome = outcome
        self.undo = undo?.withoutNUL
    }
}
