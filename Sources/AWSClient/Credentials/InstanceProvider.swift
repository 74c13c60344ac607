import Foundation
import Logging
import Synchronization

/// The credentials of the role of an EC2 instance.
///
/// If the metadata service fails, or keeps returning expired credentials, the last ones stay in use. EC2 and IAM accept
/// them for as long as the service has trouble ("static stability").
final class InstanceProvider: CredentialProvider {
    let name = "EC2 instance metadata"
    private let metadata: InstanceMetadata
    private let system: HostSystem
    private let logger: Logger
    private let last = Mutex<Credentials?>(nil)

    init(metadata: InstanceMetadata, system: HostSystem, logger: Logger) {
        self.metadata = metadata
        self.system = system
        self.logger = logger
    }

    var hint: String? { metadata.hint }

    func credentials() async throws -> Credentials? {
        do {
            guard let found = try await fetch() else {
                guard let last = last.withLock(\.self) else { return nil }
                return extended(last)
            }
            last.withLock { $0 = found }
            return extended(found)
        } catch {
            guard !(error is CancellationError), let last = last.withLock(\.self) else { throw error }
            return extended(last)
        }
    }

    private func fetch() async throws -> Credentials? {
        let folder = "/latest/meta-data/iam/security-credentials/"
        guard let list = try await metadata.text(folder), let role = list.split(whereSeparator: \.isNewline).first,
            let text = try await metadata.text(folder + URIEncoding.encode(role.trimmingWhitespace()))
        else { return nil }
        // A role that cannot be assumed is reported with status 200 and a code.
        guard let document = CredentialDocument(Array(text.utf8)), document.code ?? "Success" == "Success" else {
            return nil
        }
        return document.credentials
    }

    /// Moves an expiration that has passed by 10 to 15 minutes, so that new credentials are asked for from time to
    /// time.
    private func extended(_ credentials: Credentials) -> Credentials {
        guard let expiration = credentials.expiration, expiration <= system.now() else { return credentials }
        logger.warning("using expired credentials of the EC2 instance, because there are no newer ones")
        return Credentials(
            accessKeyID: credentials.accessKeyID,
            secretAccessKey: credentials.secretAccessKey,
            sessionToken: credentials.sessionToken,
            // 10 minutes more than the margin at which the cache asks again.
            expiration: system.now() + CredentialCache.margin + 600 + system.random() * 300,
            accountID: credentials.accountID
        )
    }
}
