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
