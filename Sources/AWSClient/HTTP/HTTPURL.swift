/// An `http` or `https` URL, strictly read.
///
/// Queue URLs and endpoint settings come from outside. A value exists only for a text with a plain host, so that user
/// names and unusual or control characters never reach a socket or a signature.
package struct HTTPURL: Hashable, Sendable, CustomStringConvertible {
    /// The two schemes.
    package enum Scheme: String, Sendable {
        /// Without TLS. `CurlTransport` accepts it only for loopback.
        case http
        /// With TLS, and the certificate is checked.
        case https
    }

    /// `http` or `https`.
    package let scheme: Scheme
    /// The host in lower case. An IPv6 address keeps its brackets.
    package let host: String
    /// The port, if the text names one.
    package let port: Int?
    /// The path as sent, at least `/`.
    package let path: String
    /// The text after `?` as sent, or empty.
    package let query: String

    /// Accepts `text` if it is an absolute http(s) URL without a user name and a fragment.
    package init?(_ text: String) {
        let isPlain = text.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\\") }
        guard isPlain, text.utf8.count <= 2048, !text.contains("#") else { return nil }
        let parts = text.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let scheme = Scheme(rawValue: parts[0].lowercased()) else { return nil }
        let rest = parts[1]
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        guard let authority = Self.hostAndPort(rest[..<end]) else { return nil }
        let target = rest[end...].split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let path = target.first.map(String.init) ?? ""
        self.scheme = scheme
        (host, port) = authority
        self.path = path.isEmpty ? "/" : path
        query = target.count == 2 ? String(target[1]) : ""
    }

    /// The host, with the port unless it is the scheme's default: the value of the `Host` header, which is signed.
    package var authority: String {
        switch (scheme, port) {
        case (_, nil), (.http, 80), (.https, 443): host
        case (_, let port?): "\(host):\(port)"
        }
    }

    /// True if the host can only be this machine.
    package var isLoopback: Bool {
        host == "localhost" || host == "[::1]" || Self.isLoopbackIPv4(host)
    }

    /// The URL without its query, as logs and errors may show it.
    package var description: String {
        "\(scheme.rawValue)://\(authority)\(path)"
    }

    /// The same host with `path` appended, and a query; both as sent.
    func appending(path: String, query: String) -> HTTPURL {
        let base = self.path.hasSuffix("/") ? String(self.path.dropLast()) : self.path
        return HTTPURL(scheme: scheme, host: host, port: port, path: base + path, query: query)
    }

    private init(scheme: Scheme, host: String, port: Int?, path: String, query: String) {
        self.scheme = scheme
        self.host = host
        self.port = port
        self.path = path
        self.query = query
    }

    /// The URL as it is requested.
    var text: String {
        query.isEmpty ? description : "\(description)?\(query)"
    }

    private static func hostAndPort(_ text: Substring) -> (String, Int?)? {
        var host = text
        var port: Int?
        if let colon = text.lastIndex(of: ":"), !text[colon...].contains("]") {
            let digits = text[text.index(after: colon)...]
            guard digits.allSatisfy({ $0.isASCII && $0.isNumber }), let number = Int(digits),
                (1...65535).contains(number)
            else { return nil }
            port = number
            host = text[..<colon]
        }
        let isHost =
            if host.hasPrefix("["), host.hasSuffix("]") {
                host.dropFirst().dropLast().allSatisfy { $0.isHexDigit || $0 == ":" || $0 == "." } && host.count > 3
            } else {
                !host.isEmpty && host.utf8.count <= 253
                    && host.split(separator: ".", omittingEmptySubsequences: false)
                        .allSatisfy(isLabel)
            }
        return isHost ? (host.lowercased(), port) : nil
    }

    private static func isLabel(_ label: Substring) -> Bool {
        (1...63).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
            && label.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
    }

    private static func isLoopbackIPv4(_ host: String) -> Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}
