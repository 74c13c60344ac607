import ArgumentParser
import Foundation

/// One setting of the program. Its flag, its environment variable, its key in the `--config` file, its default and its
/// help are all made from this description.
struct Setting: Hashable, Sendable {
    /// The kind of value.
    enum Kind: Hashable, Sendable {
        /// Any text.
        case text
        /// A whole number in a range.
        case number(ClosedRange<Int>, default: Int)
        /// Yes or no. The default is no.
        case boolean
        /// One of some words.
        case choice([String], default: String?)
        /// Several texts: a repeated flag, commas in the environment, or a list in the file.
        case list
    }

    /// The flag without its dashes. The key in the file has the same name.
    let name: String
    /// The environment variables. The first that is set is used.
    let variables: [String]
    let kind: Kind
    /// The purpose of the setting, for `--help`.
    let meaning: String
    /// The default in words, if it is no plain value.
    let otherwise: String?
    /// The name of the value in `--help`.
    let valueName: String
    /// True if the value is the path of a file.
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

    /// The default in words; nil if there is none.
    var defaultText: String? {
        switch kind {
        case .number(_, let value): "\(value)"
        case .choice(_, let value): otherwise ?? value
        case .text, .list, .boolean: otherwise
        }
    }

    /// A description of valid values, for errors.
    var expected: String {
        switch kind {
        case .text, .list: "text"
        case .number(let range, _): "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .boolean: "true or false"
        case .choice(let words, _): "one of \(words.joined(separator: ", "))"
        }
    }

    /// The help of the flag: its meaning, its default and its variable.
    var help: ArgumentHelp {
        var notes = defaultText.map { ["default: \($0)"] } ?? []
        if kind == .list { notes.append("repeatable") }
        if !variable.isEmpty { notes.append("environment: \(variable)") }
        let text = notes.isEmpty ? meaning : "\(meaning) (\(notes.joined(separator: "; ")))"
        return kind == .boolean ? ArgumentHelp("\(text)") : ArgumentHelp("\(text)", valueName: valueName)
    }

    /// The values that a shell offers.
    var completion: CompletionKind {
        if isFile { return .file() }
        return if case .choice(let words, _) = kind { .list(words) } else { .default }
    }
}

extension Option where Value == String? {
    /// Creates a flag for a setting with one value.
    init(_ setting: Setting) {
        self.init(name: .customLong(setting.name), help: setting.help, completion: setting.completion)
    }
}

extension Option where Value == [String] {
    /// Creates a flag for a setting with several values.
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
    /// Creates a flag that turns a setting on.
    init(wrappedValue: Bool, _ setting: Setting) {
        self.init(wrappedValue: wrappedValue, name: .customLong(setting.name), help: setting.help)
    }
}
