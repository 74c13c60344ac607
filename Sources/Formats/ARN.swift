/// An Amazon Resource Name, split into its parts: `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`.
///
/// The parts are not checked further. Region and account are empty if the service has none.
package struct ARN: Hashable, Sendable, CustomStringConvertible {
    /// `aws`, `aws-cn` and the like.
    package let partition: String
    /// The service's name in ARNs, such as `iam`.
    package let service: String
    /// The Region, or empty.
    package let region: String
    /// The account's number, or empty.
    package let account: String
    /// The text after the account. It may contain colons and slashes.
    package let resource: String

    /// Reads an ARN; nil if the text does not begin with `arn:` or has fewer than six parts.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false).map { String($0) }
        guard parts.count == 6, parts[0] == "arn" else { return nil }
        partition = parts[1]
        service = parts[2]
        region = parts[3]
        account = parts[4]
        resource = parts[5]
    }

    /// The ARN as text.
    package var description: String { "arn:\(partition):\(service):\(region):\(account):\(resource)" }
}
