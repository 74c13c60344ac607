/// Which proxies calls go through, by the variables that curl and every AWS SDK read.
///
/// `HTTPS_PROXY` carries calls to AWS. `HTTP_PROXY` in capitals is not read, since a CGI server would let anybody set
/// it; nor is any proxy used for this machine and for metadata.
package struct ProxySettings: Hashable, Sendable {
    /// The proxy for `https`, such as `http://proxy.example:3128`.
    let https: String?
    /// The proxy for `http`.
    let http: String?
    /// The hosts that are spoken to directly: `*`, or names with all below them, addresses and networks, by commas.
    let exceptions: String?

    /// Reads `https_proxy`, `http_proxy`, `all_proxy` and `no_proxy`; a name in small letters beats one in capitals.
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
