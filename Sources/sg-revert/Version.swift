import CBuildStamp

/// The program's version.
enum Version {
    /// The number of the release.
    static let number = "0.1.0"
    /// The commit of the build, with a plus sign if files had been changed; nil for a development build.
    static let commit: String? = {
        let text = String(cString: sg_revert_commit())
        return text.isEmpty ? nil : text
    }()

    /// The version for `--version` and the worker's first log line.
    static let text = commit.map { "\(number) (commit \($0))" } ?? "\(number) (development build)"
    /// The version in the `User-Agent` of calls to AWS.
    static let userAgent = commit == nil ? "\(number)-dev" : number
}
