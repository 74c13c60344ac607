import Foundation

/// The settings of one run: flag over environment over file, each with where it was made.
struct Settings {
    let environment: [String: String]
    private let file: ConfigFile?

    /// Reads the environment and, where one is named, the configuration file.
    init(
        configPath: String?,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(SettingsError) {
        self.environment = environment
        file = if let configPath { try ConfigFile(path: configPath) } else { nil }
    }

    /// The texts of a setting and where they were made; none where it is not set. A blank text counts as not set.
    private func texts(_ flags: [String], _ name: String, variable: String) -> [(text: String, origin: SettingOrigin)] {
        if !flags.isEmpty {
            return flags.map { ($0, .flag("--\(name)")) }
        }
        if let text = environment[variable], !text.isBlank {
            return [(text, .environment(variable))]
        }
        return (file?.values(named: name) ?? []).filter { !$0.text.isBlank }.map { ($0.text, $0.origin) }
    }

    /// Where a setting is made first, if it is.
    func origin(_ flags: [String], _ name: String, variable: String? = nil) -> SettingOrigin? {
        texts(flags, name, variable: variable ?? Self.variable(for: name)).first?.origin
    }

    /// One value.
    ///
    /// - Parameters:
    ///   - expected: what a good value is, for the error: "a whole number from 0 to 20".
    ///   - read: answers nil for a text that is no such value.
    func value<Value>(
        _ flag: String?,
        _ name: String,
        expected: String,
        read: (String) -> Value?
    ) throws(SettingsError) -> Value? {
        guard let (text, origin) = texts(flag.map { [$0] } ?? [], name, variable: Self.variable(for: name)).first else {
            return nil
        }
        guard let value = read(text.trimmed) else {
            throw .unreadable(origin, value: text, expected: expected)
        }
        return value
    }

    /// A text.
    func text(_ flag: String?, _ name: String) throws(SettingsError) -> String? {
        try value(flag, name, expected: "text") { $0.isEmpty ? nil : $0 }
    }

    /// A whole number in a range.
    func number(_ flag: String?, _ name: String, in range: ClosedRange<Int>) throws(SettingsError) -> Int? {
        try value(flag, name, expected: "a whole number from \(range.lowerBound) to \(range.upperBound)") { text in
            Int(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    /// Yes or no; the flag can only say yes.
    func isOn(_ flag: Bool, _ name: String) throws(SettingsError) -> Bool {
        try value(flag ? "true" : nil, name, expected: "true or false") { text in
            switch text.lowercased() {
            case "true", "yes", "on", "1": true
            case "false", "no", "off", "0": false
            default: nil
            }
        } ?? false
    }

    /// A list: a repeated flag, or commas in the environment, or a list in the file.
    func list<Value>(
        _ flags: [String],
        _ name: String,
        variable: String,
        expected: String,
        read: (String) -> Value?
    ) throws(SettingsError) -> [Value] {
        var values: [Value] = []
        for (text, origin) in texts(flags, name, variable: variable) {
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

    /// `wait-seconds` is `SG_REVERT_WAIT_SECONDS`.
    static func variable(for name: String) -> String {
        "SG_REVERT_" + name.uppercased().replacingOccurrences(of: "-", with: "_")
    }
}

extension String {
    fileprivate var trimmed: String {
        trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Whether there is nothing but white space in it.
    var isBlank: Bool {
        trimmed.isEmpty
    }
}
