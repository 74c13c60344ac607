/// An error with its own line and exit code.
protocol CommandFailure: Error, CustomStringConvertible {
    /// 1: it ran and something failed. 2: a check found a problem. 64: wrong usage. 78: wrong configuration.
    var exitCode: Int32 { get }
}

/// A failure while the command ran.
struct RunFailure: CommandFailure {
    let description: String
    var exitCode: Int32 = 1
}
