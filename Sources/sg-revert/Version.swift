import CBuildStamp

/// What the program calls itself.
enum Version {
    /// The release.
    static let number = "0.1.0"
    /// The commit that it was built from, with a plus sign where files had been changed; nil for a build by hand.
    static let commit: String? = {
        let text = String(cString: sg_revert_commit())
        return text.isEmpty ? nil : text
    }()

    /// For `--version` and the worker's first log line.
    static let text = commit.map { "\(number) (commit \($0))" } ?? "\(number) (development build)"
    /// For the `User-Agent` of calls to AWS.
    static let userAgent = commit == nil ? "\(number)-dev" : number
}
