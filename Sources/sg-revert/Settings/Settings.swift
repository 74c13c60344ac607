import Formats
import Foundation

/// The settings of one run. A flag is used before the environment, the environment before the file, the file before the
/// default.
struct Settings {
    let environment: [String: String]
    private let file: ConfigFile?

    /// Reads the environment and, if one is named, the configuration file.
    ///
    /// - Throws: `unknownVariable` for a variable `SG_REVERT_…` that does not exist, or the error of the file.
    init(
        configPath: String?,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(SettingsError) {
        self.environment = environment
        try Self.refuseUnknownVariables(in: environment)
        file = if let configPath { try ConfigFile(path: configPath) } else { nil }
    }

    /// Refuses unknown variables, and those that are one of ours but for their case or the signs between their words. A mistyped
    /// `SG_REVERT_DRY_RUN` would otherwise make a run revert.
    private static func refuseUnknownVariables(in environment: [String: String]) throws(SettingsError) {
        let prefix = "SG_REVERT_"
        let known = Setting.all.flatMap(\.variables)
        let ours = Dictionary(known.filter { $0.hasPrefix(prefix) }.map { (letters(of: $0), $0) }) { first, _ in first }
        for (name, value) in environment.sorted(by: { $0.key < $1.key }) {
            let meant = ours[letters(of: name)]
            guard name.hasPrefix(prefix) || meant != nil, !value.isBlank, !known.contains(name) else { continue }
            // The standard AWS settings have other variables.
            let standard = Setting.all.first { setting in
                !setting.variable.hasPrefix(prefix) && setting.variables.contains("AWS_\(name.dropFirst(prefix.count))")
            }
            throw .unknownVariable(
                name,
                suggestion: standard?.variable ?? meant ?? nearest(to: name, among: known)
            )
        }
    }

    /// A name without its signs, in small letters.
    private static func letters(of name: String) -> String {
        name.lowercased().filter { $0.isASCII && ($0.isLetter || $0.isNumber) }
    }

    /// The texts of a setting and their places; none if it is not set. A blank text counts as not set.
    private func texts(_ flags: [String], _ setting: Setting) -> [(text: String, origin: SettingOrigin)] {
        if !flags.isEmpty {
            return flags.map { ($0, .flag(setting.flag)) }
        }
        for variable in setting.variables {
            if let text = environment[variable], !text.isBlank { return [(text, .environment(variable))] }
        }
        return (file?.values(named: setting.name) ?? []).filter { !$0.text.isBlank }.map { ($0.text, $0.origin) }
    }

    /// The place where a setting is made; nil if it is not set.
    func origin(_ flags: [String], _ setting: Setting) -> SettingOrigin? {
        texts(flags, setting).first?.origin
    }

    /// Reads one value.
    ///
    /// - Parameters:
    ///   - expected: A description of valid values for the error: "a whole number from 0 to 20".
    ///   - read: Returns nil for a text that is not valid.
    func value<Value>(
        _ flag: String?,
        _ setting: Setting,
        expected: String? = nil,
        read: (String) -> Value?
    ) throws(SettingsError) -> Value? {
        guard let (text, origin) = texts(flag.map { [$0] } ?? [], setting).first else { return nil }
        guard let value = read(text.trimmed) else {
            throw .unreadable(origin, value: text, expected: expected ?? setting.expected)
        }
        return value
    }

    /// Reads a text.
    func text(_ flag: String?, _ setting: Setting) throws(SettingsError) -> String? {
        try value(flag, setting) { $0.isEmpty ? nil : $0 }
    }

    /// Reads a whole number, or the setting's default.
    func number(_ flag: String?, _ setting: Setting) throws(SettingsError) -> Int {
        guard case .number(let range, let fallback) = setting.kind else { return 0 }
        return try value(flag, setting) { text in Int(text).flatMap { range.contains($0) ? $0 : nil } } ?? fallback
    }

    /// Reads one of the words of a choice, or the setting's default.
    func word(_ flag: String?, _ setting: Setting) throws(SettingsError) -> String? {
        guard case .choice(let words, let fallback) = setting.kind else { return nil }
        return try value(flag, setting) { words.contains($0) ? $0 : nil } ?? fallback
    }

    /// Reads yes or no. The flag can only say yes.
    func isOn(_ flag: Bool, _ setting: Setting) throws(SettingsError) -> Bool {
        try value(flag ? "true" : nil, setting) { text in
            switch text.lowercased() {
            case "true", "yes", "on", "1": true
            case "false", "no", "off", "0": false
            default: nil
            }
        } ?? false
    }

    /// Reads the values of a list.
    func list<Value>(
        _ flags: [String],
        _ setting: Setting,
        expected: String,
        read: (String) -> Value?
    ) throws(SettingsError) -> [Value] {
        var values: [Value] = []
        for (text, origin) in texts(flags, setting) {
            let parts = text.split(separator: ",").map { String($0).trimmed }.filter { !$0.isEmpty }
            guard !parts.isEmpty else { throw .unreadable(origin, value: text, expected: expected) }
            for part in parts {
                guard let value = read(part) else {
                    throw .unreadable(origin, value: part, expected: expected)
                }
                values.append(value)
            }
        }
        return values
    }
}

extension String {
    fileprivate var trimmed: String {
        trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// True if the text has only white space.
    var isBlank: Bool {
        trimmed.isEmpty
    }
}
