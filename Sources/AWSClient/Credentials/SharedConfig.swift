/// The text of `~/.aws/config` and `~/.aws/credentials`, read as every AWS SDK reads it.
struct SharedConfig: Equatable {
    /// Properties by profile, names of properties in lower case.
    var profiles: [String: [String: String]] = [:]
    /// The `[sso-session …]` sections.
    var ssoSessions: [String: [String: String]] = [:]
    /// The `[services …]` sections.
    var services: [String: [String: String]] = [:]

    /// Where each property of a profile stands; under "" the profile itself.
    var positions: [String: [String: Position]] = [:]

    /// Which of the two files a text is: they differ in how a section names its profile.
    enum Kind {
        case config, credentials
    }

    /// A line of one of the files, for an error.
    struct Position: Equatable {
        let kind: Kind
        let line: Int
    }

    /// What is wrong with a file, and on which line.
    struct SyntaxError: Error, Equatable {
        let line: Int
        let reason: String
    }

    /// Reads `text` over what is there already; later properties win, so the credentials file is to be added last.
    mutating func add(_ text: String, kind: Kind) throws(SyntaxError) {
        var parser = SharedConfigParser()
        try parser.parse(text)
        let hasPrefixedDefault = parser.sections.contains {
            Self.sectionName($0.header, kind)?.isPrefixedDefault == true
        }
        for section in parser.sections {
            guard let name = Self.sectionName(section.header, kind) else { continue }
            switch name {
            case .profile("default", prefixed: false) where hasPrefixedDefault: continue
            case .profile(let name, _):
                profiles[name, default: [:]].merge(section.properties) { $1 }
                let lines = section.lines.merging(["": section.line]) { $1 }
                positions[name, default: [:]].merge(lines.mapValues { Position(kind: kind, line: $0) }) { $1 }
            case .ssoSession(let name): ssoSessions[name, default: [:]].merge(section.properties) { $1 }
            case .services(let name): services[name, default: [:]].merge(section.properties) { $1 }
            }
        }
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

    private enum SectionName {
        case profile(String, prefixed: Bool)
        case ssoSession(String)
        case services(String)

        var isPrefixedDefault: Bool {
            if case .profile("default", prefixed: true) = self { true } else { false }
        }
    }

    /// The section that `header` opens, or nil if it is one that SDKs pass over.
    private static func sectionName(_ header: String, _ kind: Kind) -> SectionName? {
        let words = header.split(maxSplits: 1, whereSeparator: { $0 == " " || $0 == "\t" }).map {
            $0.trimmingWhitespace()
        }
        guard let name = words.last, SharedConfigParser.isName(name) else { return nil }
        switch (kind, words.count, words[0]) {
        case (.credentials, 1, _): return .profile(name, prefixed: false)
        case (.config, 1, "default"): return .profile(name, prefixed: false)
        case (.config, 2, "profile"): return .profile(name, prefixed: true)
        case (.config, 2, "sso-session"): return .ssoSession(name)
        case (.config, 2, "services"): return .services(name)
        default: return nil
        }
    }
}
