import CSystem
package import Foundation
import Glibc
import Synchronization

/// A process that a test starts.
///
/// `Process` of Foundation lists the open files of the caller, and crashes where they are more than about 1,350. A run of all tests
/// has more.
package final class SpawnedProcess: Sendable {
    /// The process could not be started.
    package struct NotStarted: Error, CustomStringConvertible {
        let path: String
        let code: Int32

        package var description: String { "\(path) cannot be started: \(String(cString: strerror(code)))" }
    }

    package let processID: Int32
    /// What `waitpid` said; nil while the process runs.
    private let status = Mutex<Int32?>(nil)

    /// Starts `program` in a process group of its own, with no other open files than these.
    ///
    /// - Parameters:
    ///   - environment: all that the program gets; nil gives it the environment of the test.
    ///   - directory: where it runs.
    ///   - input: its standard input; nil for an empty one.
    ///   - output: its standard output; nil for none.
    ///   - errors: its error output; nil for that of the test.
    package init(
        _ program: URL,
        _ arguments: [String] = [],
        environment: [String: String]? = nil,
        in directory: URL? = nil,
        input: FileHandle? = nil,
        output: FileHandle? = nil,
        errors: FileHandle? = nil
    ) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        let files = [
            (input ?? .nullDevice).fileDescriptor, (output ?? .nullDevice).fileDescriptor,
            (errors ?? .standardError).fileDescriptor,
        ]
        for (number, file) in files.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, file, Int32(number))
        }
        posix_spawn_file_actions_addclosefrom_np(&actions, 3)
        if let directory { posix_spawn_file_actions_addchdir_np(&actions, directory.path) }

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
        posix_spawnattr_setflags(&attributes, Int16(flags))

        let variables = (environment ?? ProcessInfo.processInfo.environment).map { "\($0)=\($1)" }
        var child: pid_t = 0
        let code = Self.cStrings([program.path] + arguments) { arguments in
            Self.cStrings(variables) { variables in
                posix_spawn(&child, program.path, &actions, &attributes, arguments, variables)
            }
        }
        guard code == 0 else { throw NotStarted(path: program.path, code: code) }
        processID = child
    }

    private static func cStrings<Result>(
        _ texts: [String],
        _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        let copies = texts.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        return body(copies + [nil])
    }

    /// False once it has ended.
    package var isRunning: Bool { exitCode == nil }

    /// Waits for its end, on the caller's thread.
    ///
    /// - Returns: The status with which it exited, or the signal that ended it, negative.
    @discardableResult package func waitUntilExit() -> Int32 {
        while true {
            if let exitCode { return exitCode }
            usleep(2000)
        }
    }

    /// The status with which it exited, or the signal that ended it, negative; nil while it runs.
    package var exitCode: Int32? {
        status.withLock { status in
            var found: Int32 = 0
            if status == nil, waitpid(processID, &found, WNOHANG) == processID {
                let signal = found & 0x7F
                status = signal == 0 ? found >> 8 & 0xFF : -signal
            }
            return status
        }
    }

    /// Sends it a signal, unless it has ended.
    package func signal(_ number: Int32) {
        guard isRunning else { return }
        kill(processID, number)
    }
}
