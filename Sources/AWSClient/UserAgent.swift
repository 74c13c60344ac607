/// The `User-Agent` of the client, in the form on which the AWS SDKs agreed.
enum UserAgent {
    static func text(version: String, environment: [String: String], profile: [String: String]) -> String {
        #if arch(x86_64)
            let architecture = "x86_64"
        #elseif arch(arm64)
            let architecture = "aarch64"
        #else
            let architecture = "other"
        #endif
        var parts = ["sg-revert/\(token(version)) ua/2.1 os/linux lang/swift md/arch#\(architecture)"]
        if let place = environment.setting("AWS_EXECUTION_ENV") { parts.append("exec-env/\(token(place))") }
        parts.append("cfg/retry-mode#standard")
        if let app = environment.setting("AWS_SDK_UA_APP_ID") ?? profile.setting("sdk_ua_app_id") {
            parts.append("app/\(token(app))")
        }
        return parts.joined(separator: " ")
    }

    /// A header token. Characters that may not be in one become hyphens.
    private static func token(_ text: String) -> String {
        String(text.map { $0.isASCII && ($0.isLetter || $0.isNumber) || "!$%&'*+-.^_`|~".contains($0) ? $0 : "-" })
    }
}
