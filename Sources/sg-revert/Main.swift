import AWSClient
import ArgumentParser
import Foundation

/// The entry point, and the only place that turns an error into a line and an exit code.
@main
enum Main {
    static func main() async {
        ProcessStart.prepare()
        HostSystem.limitMemory()
        do {
            var command = try SgRevert.parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            quit(0)
        } catch let failure as any CommandFailure {
            complain("\(failure)")
            quit(failure.exitCode)
        } catch  where SgRevert.exitCode(for: error) == .validationFailure {
            let arguments = Array(CommandLine.arguments.dropFirst())
            let message = unknownCommand(in: arguments, of: SgRevert.self) ?? SgRevert.message(for: error)
            complain("\(message); see --help")
            quit(ExitCode.validationFailure.rawValue)
        } catch  where SgRevert.exitCode(for: error) == .success {
            // The output of --help and --version.
            SgRevert.exit(withError: error)
        } catch {
            complain(errorText(error))
            quit(ExitCode.failure.rawValue)
        }
    }

    /// Ends the process without the functions that C libraries registered with `atexit`. OpenSSL frees its memory
    /// there, and libcurl's thread may still use it.
    private static func quit(_ code: Int32) -> Never {
        StandardOutput.flush()
        fflush(nil)
        endProcess(code == 0 && StandardOutput.hasFailed ? 1 : code)
    }
}
