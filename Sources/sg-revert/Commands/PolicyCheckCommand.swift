import ArgumentParser
import Formats
import Foundation
import Ledger
import PolicyFile
import SecurityGroups

struct PolicyCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check a policy file.",
        discussion: """
            Errors exit with 2. Warnings tell what the file probably does not mean, and exit with 0, with --strict with 2.
            """
    )

    @Argument(
        help: ArgumentHelp("The policy file. (default: the setting --policy)", valueName: "file"),
        completion: .file()
    )
    var file: String?

    @Option(help: ArgumentHelp("The policy file, as the worker takes it.", valueName: "file"), completion: .file())
    var policy: String?

    @Flag(help: "Take warnings for errors.")
    var strict = false

    @OptionGroup var format: FormatOptions
    @OptionGroup var config: ConfigOptions

    private static let columns = ["file", "line", "column", "severity", "message"]

    func validate() throws {
        guard file == nil || policy == nil else { throw ValidationError("give the policy as FILE or as --policy") }
    }

    func run() async throws {
        guard let path = try config.settings().text(file ?? policy, .policy) else {
            throw SettingsError.missing(what: "policy file", how: "FILE or --policy or SG_REVERT_POLICY")
        }
        let problems = check(path)
        print(problems)
        let errors = problems.count { $0.severity == .error }
        let warnings = problems.count - errors
        let summary =
            "\(path): \(errors) error\(errors == 1 ? "" : "s"), \(warnings) warning\(warnings == 1 ? "" : "s")"
        guard errors == 0, !strict || warnings == 0 else { throw RunFailure(description: summary, exitCode: 2) }
        if format.format == .table {
            StandardOutput.write("\(path): valid" + (warnings == 0 ? "\n" : ", \(warnings) to look at\n"))
        }
    }

    private func check(_ path: String) -> [PolicyProblem] {
        do throws(InvalidPolicy) {
            return try PolicyDocument(path: path).warnings(at: Date())
        } catch {
            return error.problems
        }
    }

    /// Prints one line for each problem, in the form of compilers, so that editors find the place.
    private func print(_ problems: [PolicyProblem]) {
        guard format.format != .table else {
            for problem in problems { StandardOutput.write("\(plainText(problem.description))\n") }
            return
        }
        var printer = RowPrinter(format: format.format, columns: Self.columns, tableColumns: Self.columns)
        for problem in problems {
            let cells: [AuditValue] = [
                .text(problem.path), .integer(Int64(problem.line)), .integer(Int64(problem.column)),
                .text(problem.severity.rawValue), .text(problem.message),
            ]
            printer.print(Row(Self.columns, cells))
        }
        printer.finish()
    }
}
