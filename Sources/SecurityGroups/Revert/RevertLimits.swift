/// How many reverts are made within an hour without a wait. Every further one waits.
package struct RevertLimits: Hashable, Sendable {
    /// For rules of one group with the same content.
    package var perRule: Int?
    /// For one group.
    package var perGroup: Int?
    /// For all groups together.
    package var overall: Int?

    /// Creates limits; by default none.
    package init(perRule: Int? = nil, perGroup: Int? = nil, overall: Int? = nil) {
        self.perRule = perRule
        self.perGroup = perGroup
        self.overall = overall
    }

    /// True if reverts of several rules count toward one limit.
    package var countTogether: Bool { perGroup != nil || overall != nil }

    /// True if at least one limit is set.
    package var areSet: Bool { perRule != nil || perGroup != nil || overall != nil }
}

extension Policy {
    /// The limits of reverts within an hour.
    package var limits: RevertLimits {
        RevertLimits(perRule: revertsPerRulePerHour, perGroup: revertsPerGroupPerHour, overall: revertsPerHour)
    }
}
