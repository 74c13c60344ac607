/// The text of `~/.aws/config` and `~/.aws/credentials`, read as every AWS SDK reads it.
struct SharedConfig: Equatable {
    /// The properties of each profile, with names in lower case.
    var profiles: [String: [String: String]] = [:]
    /// The `[sso-session …]` sections.
    var ssoSessions: [String: [String: String]] = [:]
    /// The `[services …]` sections.
    var services: [String: [String: String]] = [:]

    /// The line of each property of a profile; under "" the line of the profile itself.
    var positions: [String: [String: Position]] = [:]

    /// The two kinds of files. They differ in how a section names its profile.
    enum Kind {
        case config, credentials
    }

    /// A line of one of the files, for errors.
    struct Position: Equatable {
        let kind: Kind
        let line: Int
    }

    /// A mistake in a file, and its line.
    struct SyntaxError: Error, Equatable {
        let line: Int
        let reason: String
    }

    /// The properties inside a property, such as those of `s3` in a `[services …]` section.
    static func subproperties(_ value: String) -> [String: String] {
        var properties: [String: String] = [:]
        for line in value.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1)
            if parts.count == 2 {
                properties[parts[0].trimmingWhitespace().lowercased()] = parts[1].trimmingWhitespace()
            }
        }
        return properties
    }
}
