import AWSClient
import Foundation

/// Ends the process at once, and the helper processes that it has started. Nothing that is still held back is written.
func endProcess(_ exitCode: Int32) -> Never {
    HostSystem.endCommands()
    _exit(exitCode)
}

/// Prepares the process before it opens files and sockets: its standard streams and its signals.
enum ProcessStart {
    static func prepare() {
        openStandardStreams()
        // A reader that ends early, such as head, makes the next write fail; that is handled there.
        signal(SIGPIPE, SIG_IGN)
        if getpid() == 1 { endOnSignals() }
    }

    /// Opens `/dev/null` in place of each standard stream that is closed. Otherwise a socket or a file of the program would get
    /// its number, and log lines would go there.
    private static func openStandardStreams() {
        // The kernel gives out the lowest free number.
        while case let descriptor = open("/dev/null", O_RDWR), descriptor >= 0 {
            guard descriptor > STDERR_FILENO else { continue }
            close(descriptor)
            return
        }
    }

    /// Makes signals end the process, as they do by default. The first process of a container ignores them otherwise, so that a
    /// worker would miss a stop that comes before it listens.
    private static func endOnSignals() {
        for number in [SIGTERM, SIGINT, SIGHUP, SIGQUIT] {
            signal(number) { _exit(128 + $0) }
        }
    }
}
