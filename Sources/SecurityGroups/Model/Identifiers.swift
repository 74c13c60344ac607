/// The id of a security group, `sg-` and 8 or 17 hexadecimal digits.
///
/// A value exists only for a text that EC2 could have made, so every holder may put it into a call.
package struct SecurityGroupID: Hashable, Sendable, CustomStringConvertible {
    /// The id as EC2 writes it.
    package let description: String

    /// Accepts `text` if EC2 could have made it.
    package init?(_ text: some StringProtocol) {
        guard isResourceID(text, prefix: "sg-") else { return nil }
        description = String(text)
    }
}

/// The id of one rule of a security group, `sgr-` and 8 or 17 hexadecimal digits.
///
/// `ModifySecurityGroupRules` keeps the id: it names a rule, not the rule's content.
package struct SecurityGroupRuleID: Hashable, Sendable, CustomStringConvertible {
    /// The id as EC2 writes it.
    package let description: String

    /// Accepts `text` if EC2 could have made it.
    package init?(_ text: some StringProtocol) {
        guard isResourceID(text, prefix: "sgr-") else { return nil }
        description = String(text)
    }
}

/// The number of an AWS account, 12 decimal digits.
package struct AccountID: Hashable, Sendable, CustomStringConvertible {
    /// The number as AWS writes it.
    package let description: String

    /// Accepts `text` if it is 12 decimal digits.
    package init?(_ text: some StringProtocol) {
        guard text.utf8.count == 12, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        description = String(text)
    }
}

/// True for a resource id of EC2: 8 hexadecimal digits before 2016, 17 since then.
private func isResourceID(_ text: some StringProtocol, prefix: String) -> Bool {
    guard text.utf8.starts(with: prefix.utf8) else { return false }
    let digits = text.utf8.dropFirst(prefix.utf8.count)
    return (digits.count == 8 || digits.count == 17)
        && digits.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
}
