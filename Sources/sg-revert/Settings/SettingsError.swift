import Formats

/// The place where a setting was made.
enum SettingOrigin: Hashable, CustomStringConvertible {
    /// On the command line.
    case flag(String)
    /// In the environment.
    case environment(String)
    /// In the configuration file.
    case file(String, line: Int, column: Int)

    var description: String {
        switch self {
        case .flag(let name): name
        case .environment(let name): name
        case .file(let path, let line, let column): "\(path):\(line):\(column)"
        }
    }
}

/// A setting that cannot be used. It is never replaced by its default, because a mistyped dry run would then revert.
enum SettingsError: CommandFailure, Hashable {
    /// The value cannot be read.
    case unreadable(SettingOrigin, value: String, expected: String)
    /// A setting that must be set is missing.
    case missing(what: String, how: String)
    /// Both kinds of policy are set. Only one may be.
    case twoPolicies(file: SettingOrigin, groups: SettingOrigin)
    /// A variable begins with `SG_REVERT_`, but no setting has this name.
    case unknownVariable(String, suggestion: String?)
    /// The configuration file cannot be used.
    case badFile(String)

    var description: String {
        switch self {
        case .unreadable(let origin, let value, let expected):
            "\(origin): \"\(value)\" is not \(expected)"
        case .missing(let what, let how):
            "no \(what): set \(how)"
        case .unknownVariable(let name, let suggestion):
            "\(plainText(name)) is no setting" + (suggestion.map { "; did you mean \($0)?" } ?? "; see worker --help")
        case .twoPolicies(let file, let groups):
            "a policy file is set by \(file) and groups by \(groups): keep one of the two"
        case .badFile(let problem):
            problem
        }
    }

    var exitCode: Int32 {
        if case .unreadable(.flag, _, _) = self { 64 } else { 78 }
    }
}
