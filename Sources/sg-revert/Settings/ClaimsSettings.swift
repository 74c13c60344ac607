import ArgumentParser
import Formats

/// The setting of the table that the hosts of a fleet share.
struct ClaimsSettings: ParsableArguments {
    @Option(.claims)
    var claims: String?

    /// The name of the table; nil if the setting names none.
    func table(_ settings: Settings) throws(SettingsError) -> String? {
        let expected =
            "dynamodb://TABLE with the name of a table: 3 to 255 letters, digits, dots, hyphens and underscores"
        return try settings.value(claims, .claims, expected: expected) { text in
            let scheme = "dynamodb://"
            guard text.hasPrefix(scheme) else { return nil }
            let name = text.dropFirst(scheme.count)
            let isName =
                (3...255).contains(name.utf8.count)
                && name.utf8.allSatisfy { $0.isASCIILetterOrDigit || ".-_".utf8.contains($0) }
            return isName ? String(name) : nil
        }
    }
}
