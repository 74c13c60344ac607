/// How many reverts within an hour are made at once. Beyond, each waits.
package struct RevertLimits: Hashable, Sendable {
    /// Of rules of one group that say the same.
    package var perRule: Int?
    /// Of one group.
    package var perGroup: Int?
    /// Of all.
    package var overall: Int?

    /// Limits; by default none.
    package init(perRule: Int? = nil, perGroup: Int? = nil, overall: Int? = nil) {
        self.perRule = perRule
        self.perGroup = perGroup
        self.overall = overall
    }

    /// True where some limit is set.
    package var areSet: Bool { perRule != nil || perGroup != nil || overall != nil }
}

extension Policy {
    /// How many reverts within an hour are made at once.
    package var limits: RevertLimits {
        RevertLimits(perRule: revertsPerRulePerHour, perGroup: revertsPerGroupPerHour, overall: revertsPerHour)
    }
}
