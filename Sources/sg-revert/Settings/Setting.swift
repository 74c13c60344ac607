import ArgumentParser
import Foundation

/// One setting of the program, described once: its flag, its environment variable, its key in the `--config` file, its
/// default and its help all come from here.
struct Setting: Hashable, Sendable {
    /// What a value of the setting is.
    enum Kind: Hashable, Sendable {
        /// Any text.
        case text
        /// A whole number in a range.
        case number(ClosedRange<Int>, default: Int)
        /// Yes or no, by default no.
        case boolean
        /// One of a few words.
        case choice([String], default: String?)
        /// Several texts: a repeated flag, commas in the environment, or a list in the file.
        case list
    }

    /// The flag without its dashes, and the key in the file.
    let name: String
    /// The environment variables, the first that is set counts.
    let variables: [String]
    let kind: Kind
    /// What the setting does, for `--help`.
    let meaning: String
    /// What happens where the setting is not made, if it is no plain value.
    let otherwise: String?
    /// The name of the value in `--help`.
    let valueName: String
    /// True where the value is the path of a file.
    let isFile: Bool

    init(
        _ name: String,
        variables: [String]? = nil,
        _ kind: Kind,
        _ meaning: String,
        otherwise: String? = nil,
        valueName: String = "text",
        isFile: Bool = false
    ) {
        self.name = name
        self.variables =
            variables ?? ["SG_REVERT_" + name.uppercased().replacingOccurrences(of: "-", with: "_")]
        self.kind = kind
        self.meaning = meaning
        self.otherwise = otherwise
        self.valueName = valueName
        self.isFile = isFile
    }

    /// The flag.
    var flag: String { "--\(name)" }
    /// The environment variable that help and errors name.
    var variable: String { variables.first ?? "" }

    /// The default in words; nil where there is none.
    var defaultText: String? {
        switch kind {
        case .number(_, let value): "\(value)"
        case .choice(_, let value): otherwise ?? value
        case .text, .list, .boolean: otherwise
        }
    }

    /// What a good value is, for an error.
    var expected: String {
        switch kind {
        case .text, .list: "text"
        case .number(let range, _): "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .boolean: "true or false"
        case .choice(let words, _): "one of \(words.joined(separator: ", "))"
        }
    }

    /// The help of the flag: what it does, its default and its variable.
    var help: ArgumentHelp {
        var notes = defaultText.map { ["default: \($0)"] } ?? []
        if kind == .list { notes.append("repeatable") }
        if !variable.isEmpty { notes.append("environment: \(variable)") }
        let text = notes.isEmpty ? meaning : "\(meaning) (\(notes.joined(separator: "; ")))"
        return kind == .boolean ? ArgumentHelp("\(text)") : ArgumentHelp("\(text)", valueName: valueName)
    }

    /// What a shell offers as a value.
    var completion: CompletionKind {
        if isFile { return .file() }
        return if case .choice(let words, _) = kind { .list(words) } else { .default }
    }
}

extension Option where Value == String? {
    /// A flag that makes a setting of one value.
    init(_ setting: Setting) {
        self.init(name: .customLong(setting.name), help: setting.help, completion: setting.completion)
    }
}

extension Option where Value == [String] {
    /// A flag that makes a setting of several values.
    init(wrappedValue: [String], _ setting: Setting) {
        self.init(
            wrappedValue: wrappedValue,
            name: .customLong(setting.name),
            help: setting.help,
            completion: setting.completion
        )
    }
}

extension Flag where Value == Bool {
    /// A flag that turns a setting on.
    init(wrappedValue: Bool, _ setting: Setting) {
        self.init(wrappedValue: wrappedValue, name: .customLong(setting.name), help: setting.help)
    }
}
