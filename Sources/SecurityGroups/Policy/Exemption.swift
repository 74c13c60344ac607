package import FoundationEssentials

/// One entry of a policy's list of those who may change rules.
package struct Exemption: Hashable, Sendable {
    /// The name that people gave it.
    package let name: String?
    /// Who: patterns of issuer ARNs. Nothing else counts, since names, sessions and user agents are the caller's
    /// choice.
    package let principals: [ARNPattern]
    /// In which groups, by id; nil for all.
    package let groups: Set<String>?
    /// Until when, this moment excluded, by the event's time; nil for ever.
    package let until: Date?
    /// The line of the policy that says so, for the audit.
    package let origin: String

    /// An entry; what is nil does not matter.
    package init(
        name: String? = nil,
        principals: [ARNPattern],
        groups: Set<String>? = nil,
        until: Date? = nil,
        origin: String
    ) {
        self.name = name
        self.principals = principals
        self.groups = groups
        self.until = until
        self.origin = origin
    }

    /// Whether the change was made by one of these, here, and in time. What is not known of the change speaks against
    /// it.
    package func covers(_ context: ChangeContext) -> Bool {
        shortfall(for: context) == nil
    }

    /// The first respect in which a change is not exempt.
    enum Shortfall: Hashable {
        case principal, group, time
    }

    func shortfall(for context: ChangeContext) -> Shortfall? {
        guard let arn = context.issuerARN, principals.contains(where: { $0.matches(arn) }) else { return .principal }
        if let groups {
            guard let id = context.group.groupID, groups.contains(id) else { return .group }
        }
        if let until {
            guard let time = context.eventTime, time < until else { return .time }
        }
        return nil
    }
}

/// A pattern of ARNs: `*` stands for any text, slashes and colons included, `?` for one character; case matters.
package struct ARNPattern: Hashable, Sendable, CustomStringConvertible {
    /// The pattern as it is written.
    package let description: String

    /// Takes any text; an ARN is ASCII, so that a character is a byte.
    package init(_ pattern: String) {
        description = pattern
    }

    /// Whether the whole of `arn` is what the pattern says. Steps back to the last `*` alone, so that no pattern takes
    /// more than the product of both lengths.
    package func matches(_ arn: String) -> Bool {
        let pattern = description.utf8
        let text = arn.utf8
        var patternIndex = pattern.startIndex
        var textIndex = text.startIndex
        var retry: (pattern: String.Index, text: String.Index)?
        while textIndex < text.endIndex {
            if patternIndex < pattern.endIndex, pattern[patternIndex] == UInt8(ascii: "*") {
                patternIndex = pattern.index(after: patternIndex)
                retry = (patternIndex, textIndex)
            } else if patternIndex < pattern.endIndex,
                pattern[patternIndex] == UInt8(ascii: "?") || pattern[patternIndex] == text[textIndex]
            {
                patternIndex = pattern.index(after: patternIndex)
                textIndex = text.index(after: textIndex)
            } else if let last = retry {
                textIndex = text.index(after: last.text)
                patternIndex = last.pattern
                retry = (patternIndex, textIndex)
            } else {
                return false
            }
        }
        return pattern[patternIndex...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
