import AWSClient
import Ledger

/// Turns an error of the ledger into the program's one line. The exit code is 2 if a check found a problem, else 1.
func asking<Answer>(_ body: () async throws -> Answer) async throws -> Answer {
    do {
        return try await body()
    } catch let finding as AuditFinding {
        throw RunFailure(description: "\(finding)", exitCode: 2)
    } catch let error as LedgerError {
        throw RunFailure(description: errorText(error))
    }
}

/// Turns an error of AWS into the program's one line. The exit code is 78 if a setting is wrong, else 1.
func callingAWS<Answer>(_ body: () async throws -> Answer) async throws -> Answer {
    do {
        return try await body()
    } catch let error as any CommandFailure {
        throw error
    } catch let error as AWSClientError where error.isConfiguration {
        throw RunFailure(description: errorText(error), exitCode: 78)
    } catch {
        throw RunFailure(description: errorText(error))
    }
}
