package import Foundation

/// What the client needs of the machine beside HTTP: passed in, so that tests decide time, chance and files.
package struct HostSystem: Sendable {
    /// The time by the machine's clock.
    package var now: @Sendable () -> Date
    /// Time that only goes forward, to measure with; where it begins means nothing.
    package var uptime: @Sendable () -> Duration
    /// Waits between attempts; throws when the task is cancelled.
    package var sleep: @Sendable (Duration) async throws -> Void
    /// A number in 0...1 for jitter.
    package var random: @Sendable () -> Double
    /// A new invocation id.
    package var makeID: @Sendable () -> String
    /// The bytes of a file, or nil if there is none.
    package var readFile: @Sendable (String) throws -> [UInt8]?
    /// Replaces a file as a whole by one that only its owner can read.
    package var writeFile: @Sendable (String, [UInt8]) throws -> Void
    /// Every address that a host name stands for, in text; none for a name that nobody knows.
    package var addresses: @Sendable (String) async -> [String]
    /// Runs a line of shell, within the bounds of `ShellCommand`; what it writes to its error output is lost, since that
    /// may hold secrets.
    package var shell: @Sendable (String) async throws -> ShellResult
    /// Starts work that no caller's cancellation may end, in a task of its own.
    package var start: @Sendable (@escaping @Sendable () async -> Void) -> Void

    /// What a line of shell left behind.
    package struct ShellResult: Sendable {
        /// 0 for success.
        package var status: Int32
        /// What it wrote to its standard output.
        package var output: [UInt8]

        /// A result; tests script commands with it.
        package init(status: Int32, output: [UInt8]) {
            self.status = status
            self.output = output
        }
    }

    /// A machine made of its parts; without the last five, one that keeps no file, resolves no name, runs no command, and
    /// on which everything takes no time.
    package init(
        now: @escaping @Sendable () -> Date,
        sleep: @escaping @Sendable (Duration) async throws -> Void,
        random: @escaping @Sendable () -> Double,
        makeID: @escaping @Sendable () -> String,
        readFile: @escaping @Sendable (String) throws -> [UInt8]?,
        writeFile: @escaping @Sendable (String, [UInt8]) throws -> Void = { _, _ in },
        addresses: @escaping @Sendable (String) async -> [String] = { _ in [] },
        shell: @escaping @Sendable (String) async throws -> ShellResult = { _ in ShellResult(status: 127, output: []) },
        uptime: @escaping @Sendable () -> Duration = { .zero },
        start: @escaping @Sendable (@escaping @Sendable () async -> Void) -> Void = { work in Task { await work() } }
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
        self.start = start
    }
}
