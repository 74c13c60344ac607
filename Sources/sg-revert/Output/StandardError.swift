import Foundation

/// Writes one line on stderr, after the program's name.
func complain(_ line: String) {
    FileHandle.standardError.write(Data("sg-revert: \(line)\n".utf8))
}
