/// Parses a shared file: sections, properties, continuation lines, comments.
struct SharedConfigParser {
    struct Section {
        let header: String
        let line: Int
        var properties: [String: String] = [:]
        /// The line of each property.
        var lines: [String: Int] = [:]
    }

    private(set) var sections: [Section] = []
    /// The property that a continuation line would continue.
    private var property: (key: String, hasSubproperties: Bool)?
    private var line = 0

    mutating func parse(_ text: String) throws(SharedConfig.SyntaxError) {
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            self.line += 1
            if line.allSatisfy(\.isWhitespace) || line.hasPrefix("#") || line.hasPrefix(";") { continue }
            switch line.first {
            case "[": try openSection(line)
            case " ", "\t": try continueProperty(line)
            default: try addProperty(line)
            }
        }
    }

    /// True for a name of a profile or property. SDKs skip names with other characters.
    static func isName(_ name: String) -> Bool {
        !name.isEmpty
            && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) || "-_/.%@:+".contains($0) }
    }

    private mutating func openSection(_ line: Substring) throws(SharedConfig.SyntaxError) {
        let line = uncommented(line, needsSpace: false)
        guard line.hasSuffix("]") else { throw error("Profile definition must end with ']'") }
        sections.append(Section(header: line.dropFirst().dropLast().trimmingWhitespace(), line: self.line))
        property = nil
    }

    private mutating func addProperty(_ line: Substring) throws(SharedConfig.SyntaxError) {
        guard !sections.isEmpty else { throw error("Expected a profile definition") }
        let (key, value) = try split(uncommented(line, needsSpace: true), what: "property")
        property = (key.lowercased(), value.isEmpty)
        sections[sections.count - 1].lines[key.lowercased()] = self.line
        store(value)
    }

    private mutating func continueProperty(_ line: Substring) throws(SharedConfig.SyntaxError) {
        guard let section = sections.last else { throw error("Expected a profile definition") }
        guard let property else { throw error("Expected a property definition, found continuation") }
        let line = line.trimmingWhitespace()
        if property.hasSubproperties { _ = try split(line, what: "sub-property") }
        store(section.properties[property.key, default: ""] + "\n" + line)
    }

    private mutating func store(_ value: String) {
        guard let property, Self.isName(property.key) else { return }
        sections[sections.count - 1].properties[property.key] = value
    }

    private func split(_ line: String, what: String) throws(SharedConfig.SyntaxError) -> (String, String) {
        let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { throw error("Expected an '=' sign defining a \(what)") }
        let key = parts[0].trimmingWhitespace()
        guard !key.isEmpty else { throw error("\(what.prefix(1).uppercased() + what.dropFirst()) did not have a name") }
        return (key, parts[1].trimmingWhitespace())
    }

    /// The trimmed line without its comment. Inside a property, a comment begins only after white space.
    private func uncommented(_ line: Substring, needsSpace: Bool) -> String {
        var end = line.endIndex
        var previous: Character = " "
        for index in line.indices {
            if "#;".contains(line[index]), !needsSpace || previous.isWhitespace {
                end = index
                break
            }
            previous = line[index]
        }
        return line[..<end].trimmingWhitespace()
    }

    private func error(_ reason: String) -> SharedConfig.SyntaxError {
        SharedConfig.SyntaxError(line: line, reason: reason)
    }
}

extension SharedConfig {
    /// Adds the text of a file. Later properties replace earlier ones, so the credentials file is added last.
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

    private enum SectionName {
        case profile(String, prefixed: Bool)
        case ssoSession(String)
        case services(String)

        var isPrefixedDefault: Bool {
            if case .profile("default", prefixed: true) = self { true } else { false }
        }
    }

    /// The section that `header` opens; nil if SDKs skip it.
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
