package import FoundationEssentials

/// The ids of the events that sg-revert makes itself, without a record.
package enum OwnEvent {
    /// The name of the event about a rule that nothing explains.
    package static let sweep = "Sweep"
    /// The name of the event about a rule whose exemption ended.
    package static let exemptionEnd = "ExemptionEnd"

    private static let prefixes = ["sweep-", "exemption-end-"]

    /// True for the id of such an event. CloudTrail's ids are UUIDs.
    package static func isID(_ eventID: String) -> Bool {
        prefixes.contains { eventID.hasPrefix($0) }
    }

    /// The id of the event about a rule with this content. Every host makes the same id.
    ///
    /// - Parameter round: How many such events of the rule were finished before it had to be judged again.
    package static func sweepID(of rule: StandingRule, round: Int) -> String {
        id(prefixes[0], of: rule, mark("\(rule.groupID) \(rule.content.rule)"), round: round)
    }

    /// The id of the event that closes a rule whose exemption ended. Each end of an exemption has events of its own.
    ///
    /// - Parameter round: As for a sweep.
    package static func exemptionEndID(of rule: StandingRule, until: Date?, round: Int) -> String {
        let end = until.map { " \(Int64($0.timeIntervalSince1970))" } ?? ""
        return id(prefixes[1], of: rule, mark("\(rule.groupID) \(rule.content.rule)\(end)"), round: round)
    }

    private static func id(_ prefix: String, of rule: StandingRule, _ mark: String, round: Int) -> String {
        "\(prefix)\(rule.id)-\(mark)" + (round == 0 ? "" : "-\(round + 1)")
    }

    /// The id of the rule that the event of this id is about; nil for an event of somebody else.
    package static func ruleID(in eventID: String) -> SecurityGroupRuleID? {
        guard let prefix = prefixes.first(where: { eventID.hasPrefix($0) }) else { return nil }
        let parts = eventID.dropFirst(prefix.count).split(separator: "-")
        return parts.count < 3 ? nil : SecurityGroupRuleID("\(parts[0])-\(parts[1])")
    }

    /// The text of which the digest of such an event is made. It is no JSON, so that no record has the same digest.
    package static func detail(_ name: String, of rule: StandingRule) -> String {
        "\(name) \(rule.groupID) \(rule.id) \(rule.content.rule)"
    }

    /// A hash (FNV-1a) of the text, short enough for an id. It only has to differ between the contents of one rule.
    private static func mark(_ text: String) -> String {
        let hash = text.utf8.reduce(UInt64(0xCBF2_9CE4_8422_2325)) {
            ($0 ^ UInt64($1)) &* 0x100_0000_01B3
        }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
