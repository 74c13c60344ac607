/// How the client introduces itself, in the form that AWS's own SDKs agreed on.
enum UserAgent {
    static func text(version: String) -> String {
        #if arch(x86_64)
            let architecture = "x86_64"
        #elseif arch(arm64)
            let architecture = "aarch64"
        #else
            let architecture = "other"
        #endif
        return "sg-revert/\(token(version)) ua/2.1 os/linux lang/swift md/arch#\(architecture)"
    }

    /// A header token: characters that may not be in one become hyphens.
    private static func token(_ text: String) -> String {
        String(text.map { $0.isASCII && ($0.isLetter || $0.isNumber) || "!$%&'*+-.^_`|~".contains($0) ? $0 : "-" })
    }
}
