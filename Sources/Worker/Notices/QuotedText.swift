import AWSClient
import Formats
import Foundation
import SecurityGroups

/// Writes text of an event into a notification: a value of a strict type unchanged, everything else in quotes.
///
/// The caller of an API chooses the text of its event, and a reader must see where that text begins and ends.
enum QuotedText {
    /// The longest text that is shown.
    private static let limit = 2048

    /// The text in quotes, with every unsafe character escaped.
    static func quoted(_ text: String) -> String {
        JSONText.quoted(String(String.UnicodeScalarView(text.unicodeScalars.prefix(limit))))
    }

    /// The text unchanged if it is an ARN, an address, a time, a service or an action of AWS; else in quotes.
    static func plainIfStrict(_ text: String) -> String {
        isStrict(text) ? text : quoted(text)
    }

    static func group(_ text: String?) -> String? { text.flatMap { SecurityGroupID($0) }?.description }
    static func account(_ text: String?) -> String? { text.flatMap { AccountID($0) }?.description }
    static func region(_ text: String?) -> String? { text.flatMap { AWSRegion($0) }?.description }
    static func time(_ text: String?) -> String? { text.flatMap { RFC3339.parse($0) }.map(RFC3339.format) }

    private static func isStrict(_ text: String) -> Bool {
        guard text.utf8.count <= 512 else { return false }
        return isARN(text) || CIDRBlock(text) != nil || RFC3339.parse(text) != nil || isWord(text)
    }

    /// True for a word of letters, digits and dots, as AWS names actions and services. Mail programs make no link of
    /// it, unless it ends in `amazonaws.com`.
    private static func isWord(_ text: String) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let isPlain = parts.allSatisfy { part in
            !part.isEmpty && part.utf8.allSatisfy { $0.isASCIILetterOrDigit || $0 == UInt8(ascii: "-") }
        }
        return isPlain && (parts.count == 1 || text.hasSuffix(".amazonaws.com"))
    }

    /// True for an ARN of IAM or STS that has only characters which AWS allows in names.
    private static func isARN(_ text: String) -> Bool {
        guard let arn = ARN(text), ["iam", "sts"].contains(arn.service), arn.partition.hasPrefix("aws"),
            AccountID(arn.account) != nil
        else { return false }
        return (arn.partition + arn.resource).utf8.allSatisfy {
            $0.isASCIILetterOrDigit || "+=,.@_-/".utf8.contains($0)
        }
    }
}
