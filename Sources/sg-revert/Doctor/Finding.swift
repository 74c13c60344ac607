import Foundation
import Ledger
import Worker

extension Doctor {
    /// What one check found.
    struct Finding {
        /// How bad it is; only a problem keeps the worker from its work.
        enum Status: String {
            case ok, warning, problem
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

        static func problem(_ check: String, _ detail: String, fix: String) -> Self {
            Self(check: check, status: .problem, detail: detail, fix: fix)
        }

        var row: Row {
            Row(Self.columns, [.text(check), .text(status.rawValue), .text(detail), fix.map { .text($0) } ?? .null])
        }
    }

    func rfc3339(_ date: Date) -> String {
        date.formatted(.iso8601)
    }
}
