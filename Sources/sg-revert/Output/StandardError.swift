import Telemetry

/// Writes one line to stderr, after the program's name.
func complain(_ line: String) {
    writeToStandardError(Array("sg-revert: \(line)\n".utf8))
}
