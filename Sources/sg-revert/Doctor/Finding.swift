import AWSClient
import Ledger

/// The result of one check of the doctor.
struct Finding: Hashable, Sendable {
    /// The severity. Only a problem keeps the worker from its work.
    enum Status: String, Sendable {
        case ok, warning, problem
        case notTried = "not-tried"
    }

    static let columns = ["check", "status", "detail", "fix"]

    let check: String
    let status: Status
    let detail: String
    let fix: String?

    static func ok(_ check: String, _ detail: String) -> Self {
        Self(check: check, status: .ok, detail: detail, fix: nil)
    }

    static func warning(_ check: String, _ detail: String, fix: String? = nil) -> Self {
        Self(check: check, status: .warning, detail: detail, fix: fix)
    }

    /// - Parameter detail: Several lines of stderr, such as the mistakes of a policy, become one.
    static func problem(_ check: String, _ detail: String, fix: String) -> Self {
        let line = detail.replacing("\nsg-revert: ", with: "; ")
        return Self(check: check, status: .problem, detail: line, fix: fix)
    }

    static func notTried(_ check: String, _ detail: String, fix: String? = nil) -> Self {
        Self(check: check, status: .notTried, detail: detail, fix: fix)
    }

    /// Makes a finding of a probe's answer.
    ///
    /// - Parameters:
    ///   - check: The permission, such as `sqs:DeleteMessage`.
    ///   - resource: The thing that the call was made on.
    static func of(_ answer: ProbeAnswer, _ check: String, on resource: String) -> Self {
        switch answer {
        case .allowed: ok(check, "allowed on \(resource)")
        case .denied(let error): problem(check, error, fix: "allow \(check) on \(resource) to the worker's role")
        case .missing(let error): problem(check, error, fix: "name one that exists")
        case .unusable(let error): problem(check, error, fix: unusableFix)
        case .unclear(let error): notTried(check, "no clear answer: \(error)")
        }
    }

    /// The fix that is shown for a service that cannot be used.
    static let unusableFix =
        "let the worker reach the service (network, VPC endpoint, proxy, AWS_ENDPOINT_URL); check the credentials"

    var row: Row {
        Row(Self.columns, [.text(check), .text(status.rawValue), .text(detail), fix.map { .text($0) } ?? .null])
    }
}
