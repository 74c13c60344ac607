import ArgumentParser
import Foundation

/// The program: one subcommand for each thing that it does.
struct SgRevert: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sg-revert",
        abstract: "Reverts forbidden changes to AWS security groups within seconds, and keeps the record.",
        version: version,
        subcommands: [WorkerCommand.self, DLQCommand.self, AuditCommand.self, PolicyCommand.self, DoctorCommand.self]
    )

    static let version = "0.1.0"
}

/// The way in, and the one place that turns an error into a line and an exit code.
@main
enum Main {
    static func main() async {
        // A reader that has seen enough, such as head, is told by the write that fails.
        signal(SIGPIPE, SIG_IGN)
        do {
            defer { StandardOutput.flush() }
            var command = try SgRevert.parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let failure as any CommandFailure {
            complain("\(failure)")
            exit(failure.exitCode)
        } catch  where SgRevert.exitCode(for: error) == .validationFailure {
            complain("\(SgRevert.message(for: error)); see --help")
            exit(ExitCode.validationFailure.rawValue)
        } catch {
            SgRevert.exit(withError: error)
        }
    }
}

/// An error that says its own line and exit code.
protocol CommandFailure: Error, CustomStringConvertible {
    /// 1 it ran and something failed, 64 wrong usage, 78 wrong configuration.
    var exitCode: Int32 { get }
}

/// Something that failed while the command ran.
struct RunFailure: CommandFailure {
    let description: String
    var exitCode: Int32 = 1
}

/// Says one line on stderr.
func complain(_ line: String) {
    FileHandle.standardError.write(Data("sg-revert: \(line)\n".utf8))
}
