import Formats
import Synchronization

/// The sessions of a role that has the same name in many accounts. There is one session for each account, made when it
/// is first needed.
///
/// A session keeps its credentials and fetches new ones ahead of their end, for all calls of the account.
package final class RoleSessions: Sendable {
    private let base: AWSSession
    private let template: String
    private let externalID: String?
    private let sessionName: String
    private let sessions = Mutex<[String: AWSSession]>([:])

    /// Creates sessions of the role `template`, an ARN in which `{account}` stands for the account.
    ///
    /// - Parameter sessionName: CloudTrail shows it as part of the caller's ARN.
    /// - Throws: `AWSClientError.invalidSetting` if the text is no ARN of a role.
    package init(
        base: AWSSession,
        template: String,
        externalID: String? = nil,
        sessionName: String = "sg-revert"
    ) throws(AWSClientError) {
        self.base = base
        self.template = template
        self.externalID = externalID
        self.sessionName = sessionName
        guard Self.isRoleARN(arn(account: "123456789012")) else {
            throw .invalidSetting(
                name: "--role-arn",
                value: template,
                reason: "expected arn:aws:iam::{account}:role/NAME"
            )
        }
    }

    /// The session for an account, 12 digits. A template without `{account}` has one role for all.
    package func session(account: String) throws(AWSClientError) -> AWSSession {
        let roleARN = arn(account: account)
        guard Self.isRoleARN(roleARN) else {
            throw .invalidSetting(name: "--role-arn", value: roleARN, reason: "\(account) is no account id")
        }
        let session = try base.assuming(roleARN: roleARN, sessionName: sessionName, externalID: externalID)
        return sessions.withLock { sessions in
            if let known = sessions[roleARN] { return known }
            sessions[roleARN] = session
            return session
        }
    }

    /// The role's ARN in an account.
    package func arn(account: String) -> String {
        guard let range = template.firstRange(of: "{account}") else { return template }
        return template.replacingCharacters(in: range, with: account)
    }

    /// `arn:PARTITION:iam::ACCOUNT:role/NAME`
    private static func isRoleARN(_ text: String) -> Bool {
        guard let arn = ARN(text) else { return false }
        return AWSPartition(rawValue: arn.partition) != nil && arn.service == "iam" && arn.region.isEmpty
            && arn.account.utf8.count == 12 && arn.account.utf8.allSatisfy { (0x30...0x39).contains($0) }
            && arn.resource.hasPrefix("role/")
            && arn.resource.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "{") }
    }
}

extension String {
    fileprivate func replacingCharacters(in range: Range<String.Index>, with text: String) -> String {
        String(self[..<range.lowerBound]) + text + String(self[range.upperBound...])
    }
}
