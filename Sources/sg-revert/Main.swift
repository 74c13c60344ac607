import AWSClient
import ArgumentParser
import Foundation

/// The way in, and the one place that turns an error into a line and an exit code.
@main
enum Main {
    static func main() async {
        // A reader that has seen enough, such as head, is told by the write that fails.
        signal(SIGPIPE, SIG_IGN)
        HostSystem.limitMemory()
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
            let arguments = Array(CommandLine.arguments.dropFirst())
            let message = unknownCommand(in: arguments, of: SgRevert.self) ?? SgRevert.message(for: error)
            complain("\(message); see --help")
            exit(ExitCode.validationFailure.rawValue)
        } catch  where SgRevert.exitCode(for: error) == .success {
            // What --help and --version ask for.
            SgRevert.exit(withError: error)
        } catch {
            complain(errorText(error))
            exit(ExitCode.failure.rawValue)
        }
    }
}
