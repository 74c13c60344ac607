/// The proxies for calls, from the variables that curl and every AWS SDK read.
///
/// Calls to AWS go through `HTTPS_PROXY`. `HTTP_PROXY` in capitals is not read, because a client of a CGI server could
/// set it. No proxy is used for this machine and for metadata.
package struct ProxySettings: Hashable, Sendable {
    /// The proxy for `https`, such as `http://proxy.example:3128`.
    let https: String?
    /// The proxy for `http`.
    let http: String?
    /// The hosts that are called directly: `*`, or names with their subdomains, addresses and networks, with commas.
    let exceptions: String?

    /// Reads `https_proxy`, `http_proxy`, `all_proxy` and `no_proxy`. A lower-case name takes precedence over one in
    /// capitals.
    package init(environment: [String: String]) {
        func setting(_ name: String) -> String? {
            environment.setting(name) ?? environment.setting(name.uppercased())
        }
        let all = setting("all_proxy")
        https = setting("https_proxy") ?? all
        http = environment.setting("http_proxy") ?? all
        exceptions = setting("no_proxy")
    }
}
