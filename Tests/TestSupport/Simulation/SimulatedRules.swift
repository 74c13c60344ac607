package import SecurityGroups

/// The rules of the account, with their past: what was true when, and who made it so.
package struct SimulatedRules: Sendable {
    /// Who made a rule what it is.
    package enum Maker: Hashable, Sendable {
        /// It stood before the guard was installed.
        case baseline
        /// A caller with this issuer ARN.
        case caller(String)
        /// The guard itself.
        case guardian
    }

    /// Who made a rule what it is, and the event that tells of it.
    package struct Origin: Hashable, Sendable {
        package let maker: Maker
        package let eventID: String?
        package let at: Duration
    }

    /// What a rule was from some moment on.
    private struct Version {
        let rule: LiveRule?
        let origin: Origin
    }

    private var versions: [SecurityGroupRuleID: [Version]] = [:]
    private var nextNumber = 1

    package init() {}

    /// The rules that stand now, with their origins.
    package var standing: [(rule: LiveRule, origin: Origin)] {
        versions.values.compactMap { history in
            history.last.flatMap { last in last.rule.map { ($0, last.origin) } }
        }.sorted { $0.0.id.description < $1.0.id.description }
    }

    /// The rules as they were at `time`, which an eventually consistent answer may still show.
    package func seen(at time: Duration) -> [LiveRule] {
        versions.values.compactMap { history in history.last { $0.origin.at <= time }?.rule }
            .sorted { $0.id.description < $1.id.description }
    }

    /// The rule of this id, if it stands.
    package func rule(_ id: SecurityGroupRuleID) -> LiveRule? {
        versions[id]?.last?.rule
    }

    /// Who made the rule of this id what it is now.
    package func origin(of id: SecurityGroupRuleID) -> Origin? {
        versions[id]?.last?.origin
    }

    /// True if a rule of the group ever had this content by the doing of somebody for whom `isApproved` holds.
    package func everStood(
        _ rule: SecurityGroupRule,
        in group: SecurityGroupID,
        where isApproved: (Origin) -> Bool
    ) -> Bool {
        versions.values.joined().contains {
            $0.rule?.rule == rule && $0.rule?.groupID == group && isApproved($0.origin)
        }
    }

    /// True if the rule of this id ever had this content by the doing of somebody for whom `isApproved` holds.
    package func everSaid(
        _ rule: SecurityGroupRule,
        _ id: SecurityGroupRuleID,
        where isApproved: (Origin) -> Bool
    ) -> Bool {
        (versions[id] ?? []).contains { $0.rule?.rule == rule && isApproved($0.origin) }
    }

    /// Adds a rule; nil where one with this content stands.
    package mutating func add(_ rule: SecurityGroupRule, to group: SecurityGroupID, by origin: Origin) -> LiveRule? {
        guard !hasRule(rule, in: group) else { return nil }
        let digits = String(nextNumber, radix: 16)
        nextNumber += 1
        guard let id = SecurityGroupRuleID("sgr-" + String(repeating: "0", count: 17 - digits.count) + digits) else {
            return nil
        }
        let live = LiveRule(id: id, groupID: group, rule: rule, ruleDescription: nil)
        versions[id] = [Version(rule: live, origin: origin)]
        return live
    }

    /// Changes what a rule says; nil where it does not stand or another rule says so already.
    package mutating func modify(
        _ id: SecurityGroupRuleID,
        to rule: SecurityGroupRule,
        by origin: Origin
    ) -> LiveRule? {
        guard let old = self.rule(id), !hasRule(rule, in: old.groupID, but: id) else { return nil }
        let live = LiveRule(id: id, groupID: old.groupID, rule: rule, ruleDescription: nil)
        versions[id, default: []].append(Version(rule: live, origin: origin))
        return live
    }

    /// Removes a rule; false where it does not stand.
    package mutating func remove(_ id: SecurityGroupRuleID, by origin: Origin) -> Bool {
        guard rule(id) != nil else { return false }
        versions[id, default: []].append(Version(rule: nil, origin: origin))
        return true
    }

    private func hasRule(
        _ rule: SecurityGroupRule,
        in group: SecurityGroupID,
        but id: SecurityGroupRuleID? = nil
    ) -> Bool {
        versions.contains { $0.key != id && $0.value.last?.rule?.groupID == group && $0.value.last?.rule?.rule == rule }
    }
}
