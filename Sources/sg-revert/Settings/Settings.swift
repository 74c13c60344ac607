import Formats
import Foundation

/// The settings of one run: flag over environment over file over default.
struct Settings {
    let environment: [String: String]
    private let file: ConfigFile?

    /// Reads the environment and, where one is named, the configuration file.
    ///
    /// - Throws: `unknownVariable` for a variable of ours that does not exist, and what is wrong with the file.
    init(
        configPath: String?,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(SettingsError) {
        self.environment = environment
        try Self.refuseUnknownVariables(in: environment)
        file = if let configPath { try ConfigFile(path: configPath) } else { nil }
    }

    /// A mistyped variable must not be overlooked: without `SG_REVERT_DRY_RUN` a run is in earnest.
    private static func refuseUnknownVariables(in environment: [String: String]) throws(SettingsError) {
        let prefix = "SG_REVERT_"
        let known = Setting.all.flatMap(\.variables)
        for (name, value) in environment.sorted(by: { $0.key < $1.key }) {
            guard name.hasPrefix(prefix), !value.isBlank, !known.contains(name) else { continue }
            // The standard settings of AWS have variables of their own.
            let standard = Setting.all.first { setting in
                !setting.variable.hasPrefix(prefix) && setting.variables.contains("AWS_\(name.dropFirst(prefix.count))")
            }
            throw .unknownVariable(name, suggestion: standard?.variable ?? nearest(to: name, among: known))
        }
    }

    /// The texts of a setting and where they were made; none where it is not set. A blank text counts as not set.
    private func texts(_ flags: [String], _ setting: Setting) -> [(text: String, origin: SettingOrigin)] {
        if !flags.isEmpty {
            return flags.map { ($0, .flag(setting.flag)) }
        }
        for variable in setting.variables {
            if let text = environment[variable], !text.isBlank { return [(text, .environment(variable))] }
        }
        return (file?.values(named: setting.name) ?? []).filter { !$0.text.isBlank }.map { ($0.text, $0.origin) }
    }

    /// The place where a setting is made; nil where it is not.
    func origin(_ flags: [String], _ setting: Setting) -> SettingOrigin? {
        texts(flags, setting).first?.origin
    }

    /// One value.
    ///
    /// - Parameters:
    ///   - expected: what a good value is, for the error: "a whole number from 0 to 20".
    ///   - read: answers nil for a text that is no such value.
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

    /// A text.
    func text(_ flag: String?, _ setting: Setting) throws(SettingsError) -> String? {
        try value(flag, setting) { $0.isEmpty ? nil : $0 }
    }

    /// A whole number, or the setting's default.
    func number(_ flag: String?, _ setting: Setting) throws(SettingsError) -> Int {
        guard case .number(let range, let fallback) = setting.kind else { return 0 }
        return try value(flag, setting) { text in Int(text).flatMap { range.contains($0) ? $0 : nil } } ?? fallback
    }

    /// One of the words of a choice, or the setting's default.
    func word(_ flag: String?, _ setting: Setting) throws(SettingsError) -> String? {
        guard case .choice(let words, let fallback) = setting.kind else { return nil }
        return try value(flag, setting) { words.contains($0) ? $0 : nil } ?? fallback
    }

    /// Yes or no; the flag can only say yes.
    func isOn(_ flag: Bool, _ setting: Setting) throws(SettingsError) -> Bool {
        try value(flag ? "true" : nil, setting) { text in
            switch text.lowercased() {
            case "true", "yes", "on", "1": true
            case "false", "no", "off", "0": false
            default: nil
            }
        } ?? false
    }

    /// The values of a list.
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

    /// True where the text holds nothing but white space.
    var isBlank: Bool {
        trimmed.isEmpty
    }
}
