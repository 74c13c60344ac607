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
    /// - Parameter round: The number of such events that were finished before the rule got this content again.
    package static func sweepID(of rule: StandingRule, round: Int) -> String {
        "\(prefixes[0])\(rule.id)-\(mark(rule))" + (round == 0 ? "" : "-\(round + 1)")
    }

    /// The id of the event that closes a rule whose exemption ended.
    package static func exemptionEndID(of rule: StandingRule) -> String {
        "\(prefixes[1])\(rule.id)-\(mark(rule))"
    }

    /// A hash (FNV-1a) of the rule's content, short enough for an id. It only has to differ between the contents of one rule.
    private static func mark(_ rule: StandingRule) -> String {
        let hash = "\(rule.groupID) \(rule.content.rule)".utf8.reduce(UInt64(0xCBF2_9CE4_8422_2325)) {
            ($0 ^ UInt64($1)) &* 0x100_0000_01B3
        }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
