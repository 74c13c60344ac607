package import Foundation

/// The functions of the machine that the client needs, other than HTTP. They are passed in, so that tests decide time,
/// chance and files.
package struct HostSystem: Sendable {
    /// The time of the machine's clock.
    package var now: @Sendable () -> Date
    /// A time that only goes forward, for measuring. Its starting point has no meaning.
    package var uptime: @Sendable () -> Duration
    /// Waits between attempts. Throws if the task is cancelled.
    package var sleep: @Sendable (Duration) async throws -> Void
    /// Returns a number in 0...1 for jitter.
    package var random: @Sendable () -> Double
    /// Returns a new invocation id.
    package var makeID: @Sendable () -> String
    /// Returns the bytes of a file; nil if it does not exist.
    package var readFile: @Sendable (String) throws -> [UInt8]?
    /// Replaces a whole file with one that only its owner can read.
    package var writeFile: @Sendable (String, [UInt8]) throws -> Void
    /// Returns every address of a host name as text; none for an unknown name.
    package var addresses: @Sendable (String) async -> [String]
    /// Runs a shell command, within the bounds of `ShellCommand`. Its error output is dropped, because it may hold
    /// secrets.
    package var shell: @Sendable (String) async throws -> ShellResult

    /// The result of a shell command.
    package struct ShellResult: Sendable {
        /// The exit status; 0 for success.
        package var status: Int32
        /// The standard output.
        package var output: [UInt8]

        /// Creates a result. Tests script commands with it.
        package init(status: Int32, output: [UInt8]) {
            self.status = status
            self.output = output
        }
    }

    /// Creates a machine from its functions. The defaults keep no file, resolve no name, run no command, and take no
    /// time.
    package init(
        now: @escaping @Sendable () -> Date,
        sleep: @escaping @Sendable (Duration) async throws -> Void,
        random: @escaping @Sendable () -> Double,
        makeID: @escaping @Sendable () -> String,
        readFile: @escaping @Sendable (String) throws -> [UInt8]?,
        writeFile: @escaping @Sendable (String, [UInt8]) throws -> Void = { _, _ in },
        addresses: @escaping @Sendable (String) async -> [String] = { _ in [] },
        shell: @escaping @Sendable (String) async throws -> ShellResult = { _ in ShellResult(status: 127, output: []) },
        uptime: @escaping @Sendable () -> Duration = { .zero }
    ) {
        self.now = now
        self.sleep = sleep
        self.random = random
        self.makeID = makeID
        self.readFile = readFile
        self.writeFile = writeFile
        self.addresses = addresses
        self.shell = shell
        self.uptime = uptime
    }
}
