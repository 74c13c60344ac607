package import SecurityGroups

/// What the callers of a simulation have done, for the checks at the end.
package struct SimulatedScript: Sendable {
    /// True records that EventBridge delivered, by event id.
    package var delivered: Set<String> = []
    /// True records that never arrived.
    package var lost: Set<String> = []
    /// Messages that nobody's call stands behind.
    package var forged = 0
    /// Rules that a forged record names, and groups with content that one claims to be approved.
    package var forgedRules: Set<SecurityGroupRuleID> = []
    package var forgedContents: Set<SecurityGroupRule> = []
    /// Ids of true events that a forged record bears.
    package var forgedEvents: Set<String> = []
    /// True records as they were delivered, for forgers who repeat them with other content.
    var bodies: [(eventID: String, record: SimulatedRecord, live: LiveRule)] = []
    var nextEvent = 1

    package init() {}
}
