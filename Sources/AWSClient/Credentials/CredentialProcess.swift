import Formats

/// A command that prints credentials, as the setting `credential_process` names it.
struct CredentialProcess {
    let command: String
    /// The name of the place in errors. Errors never show the command or its output, because both may hold secrets.
    let source: String

    func credentials(_ system: HostSystem) async throws -> Credentials {
        let result: HostSystem.ShellResult
        do {
            result = try await system.shell(command)
        } catch let error as CancellationError {
            throw error
        } catch {
            let reason = (error as? ShellCommand.Failure).map { ": \($0)" } ?? " cannot be started"
            throw invalid("the credential process\(reason); run it by hand to see why")
        }
        guard result.status == 0 else {
            throw invalid("the credential process failed with status \(result.status); run it by hand to see why")
        }
        guard let document = CredentialDocument(result.output) else {
            throw invalid("the credential process printed no JSON object")
        }
        guard document.version == 1 else { throw invalid("the credential process printed no Version 1") }
        guard let found = document.credentials else {
            throw invalid("the credential process printed no AccessKeyId, SecretAccessKey or readable Expiration")
        }
        if let expiration = found.expiration, expiration <= system.now() {
            let time = RFC3339.format(system.now())
            throw invalid(
                "the credential process printed credentials that have expired already, by this machine's clock (\(time))"
            )
        }
        return found
    }

    private func invalid(_ reason: String) -> AWSClientError {
        .invalidCredentials(source: source, reason: reason)
    }
}
