/// The ids of events that no record brought: sg-revert made them itself.
package enum OwnEvent {
    /// The name of the event of a rule that nothing explains.
    package static let sweep = "Sweep"
    /// The name of the event of a rule whose exemption ended.
    package static let exemptionEnd = "ExemptionEnd"

    private static let prefixes = ["sweep-", "exemption-end-"]

    /// True for the id of such an event. CloudTrail's ids are UUIDs.
    package static func isID(_ eventID: String) -> Bool {
        prefixes.contains { eventID.hasPrefix($0) }
    }

    /// The id of the event that stands for a rule and what it says: the same on every host.
    ///
    /// - Parameter round: How many such events of the rule were finished before it came to say this again.
    package static func sweepID(of rule: StandingRule, round: Int) -> String {
        "\(prefixes[0])\(rule.id)-\(mark(rule))" + (round == 0 ? "" : "-\(round + 1)")
    }

    /// The id of the event that closes what was made under an exemption.
    package static func exemptionEndID(of rule: StandingRule) -> String {
        "\(prefixes[1])\(rule.id)-\(mark(rule))"
    }

    /// FNV-1a over what the rule says, which is short enough for an id. Two contents of one rule need two marks, no more.
    private static func mark(_ rule: StandingRule) -> String {
        let hash = "\(rule.groupID) \(rule.content.rule)".utf8.reduce(UInt64(0xCBF2_9CE4_8422_2325)) {
            ($0 ^ UInt64($1)) &* 0x100_0000_01B3
        }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
