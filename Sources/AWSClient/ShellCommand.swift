import CSystem
import Foundation
import Synchronization

/// A shell command that is run for its output, within bounds.
///
/// It leads a process group of its own. When it ends, by itself or at a bound, the whole group is killed, so that
/// children which still hold the pipe keep nobody waiting. Groups that still run when this process exits are killed,
/// too; a process that leaves with `_exit` calls `HostSystem.endCommands` before.
struct ShellCommand {
    /// The reason why there is no result.
    enum Failure: Error, Equatable, CustomStringConvertible {
        case notStarted(String)
        case timedOut(after: Duration)
        case tooMuchOutput(limit: Int)

        var description: String {
            switch self {
            case .notStarted(let reason): "it cannot be started: \(reason)"
            case .timedOut(let after): "it did not end within \(after.components.seconds) s and was killed"
            case .tooMuchOutput(let limit): "it printed more than \(limit) bytes and was killed"
            }
        }
    }

    let line: String
    var timeout: Duration = .seconds(60)
    var maximumOutput = 1024 * 1024

    /// Runs the command. Blocks its thread.
    func run() throws(Failure) -> HostSystem.ShellResult {
        var ends: [CInt] = [-1, -1]
        guard unsafe pipe2(&ends, CInt(O_CLOEXEC)) == 0 else { throw .notStarted(Self.reason(errno)) }
        let (output, input) = (ends[0], ends[1])
        defer { close(output) }
        let child = try spawn(output: input)
        Self.running.withLock { _ = $0.insert(child) }
        defer {
            Self.running.withLock { _ = $0.remove(child) }
        }
        _ = fcntl(output, F_SETFL, O_NONBLOCK)
        do throws(Failure) {
            return try collect(child, output)
        } catch {
            Self.killGroup(child)
            _ = waitpid(child, nil, 0)
            throw error
        }
    }

    /// Reads until the shell itself has ended, even if other processes hold the pipe.
    private func collect(_ child: pid_t, _ output: CInt) throws(Failure) -> HostSystem.ShellResult {
        let deadline = ContinuousClock.now + timeout
        var bytes: [UInt8] = []
        var status: CInt = 0
        var isOpen = true
        while true {
            // The end of the pipe shows the end of the shell at once. If another process holds the pipe, the shell is
            // polled.
            var request = pollfd(fd: isOpen ? output : -1, events: CShort(POLLIN), revents: 0)
            _ = unsafe poll(&request, 1, isOpen ? 50 : 5)
            let isOver = unsafe waitpid(child, &status, CInt(WNOHANG)) != 0
            isOpen = try read(output, into: &bytes) && isOpen
            if isOver { break }
            if ContinuousClock.now >= deadline { throw .timedOut(after: timeout) }
        }
        Self.killGroup(child)
        // 0–255 for an exit; 128 plus the signal's number for a death by signal, as in a shell.
        let signal = status & 0x7F
        return HostSystem.ShellResult(status: signal == 0 ? status >> 8 & 0xFF : 128 + signal, output: bytes)
    }

    /// Reads the bytes in the pipe. Returns false at its end.
    private func read(_ output: CInt, into bytes: inout [UInt8]) throws(Failure) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 16 * 1024)
        while true {
            let count = unsafe Glibc.read(output, &buffer, buffer.count)
            guard count > 0 else { return count < 0 && errno == EAGAIN }
            bytes += buffer[..<count]
            if bytes.count > maximumOutput { throw .tooMuchOutput(limit: maximumOutput) }
        }
    }

    /// Starts the shell, and closes this process's copy of the pipe's input.
    private func spawn(output: CInt) throws(Failure) -> pid_t {
        var child: pid_t = 0
        let code = unsafe csystem_spawn_shell(line, output, &child)
        close(output)
        guard code == 0 else { throw .notStarted(Self.reason(code)) }
        return child
    }

    private static func reason(_ code: CInt) -> String {
        unsafe String(cString: strerror(code))
    }

    // MARK: Process groups

    private static func killGroup(_ leader: pid_t) {
        kill(-leader, SIGKILL)
    }

    /// The leaders of the groups that run now. They are killed at exit.
    private static let running: Mutex<Set<pid_t>> = {
        atexit { ShellCommand.killRunning() }
        return Mutex([])
    }()

    static func killRunning() {
        for leader in running.withLock(\.self) { killGroup(leader) }
    }
}
