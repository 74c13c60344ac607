/// The canonical form of a request, which a SigV4 signature covers and which both sides can compute.
///
/// It is built as bytes, because every call builds one.
struct CanonicalRequest {
    /// The names of the signed headers, sorted and joined by `;`.
    let signedHeaders: String
    /// The whole canonical text, in UTF-8.
    let bytes: [UInt8]

    /// - Parameters:
    ///   - path: The path as sent. It is encoded once more here, as every service but S3 expects.
    ///   - query: The query as sent.
    ///   - host: The value of the `Host` header that the HTTP client adds; nil if `headers` has it.
    ///   - payloadHash: The SHA-256 of the body, in hexadecimal.
    ///   - normalizesPath: True to remove dot segments and empty segments (every service but S3).
    init(
        method: String,
        path: String,
        query: String,
        headers: [HTTPHeaders.Field],
        host: String?,
        payloadHash: String,
        normalizesPath: Bool = true
    ) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(1024)
        func append(line: String) {
            bytes += line.utf8
            bytes.append(Self.newline)
        }
        append(line: method)
        let folded = normalizesPath ? Self.folded(path) : path
        append(line: path == "/" ? path : URIEncoding.encode(folded, keepingSlashes: true))
        append(line: query.isEmpty ? query : Self.canonicalQuery(query))
        let names = Self.append(Self.lines(headers, host: host), to: &bytes)
        bytes.append(Self.newline)
        bytes += names
        bytes.append(Self.newline)
        bytes += payloadHash.utf8
        self.bytes = bytes
        signedHeaders = String(decoding: names, as: UTF8.self)
    }

    private static let newline = UInt8(ascii: "\n")

    // MARK: Headers

    /// Appends the header lines.
    ///
    /// - Returns: The names, joined by `;`.
    private static func append(_ lines: [Line], to bytes: inout [UInt8]) -> [UInt8] {
        var names: [UInt8] = []
        var index = 0
        while index < lines.count {
            let name = lines[index].name
            if index > 0 { names.append(UInt8(ascii: ";")) }
            names += name
            bytes += name
            var separator = UInt8(ascii: ":")
            // Values of one name are joined in the order in which they are sent.
            while index < lines.count, lines[index].name == name {
                bytes.append(separator)
                append(lines[index].value, to: &bytes)
                separator = UInt8(ascii: ",")
                index += 1
            }
            bytes.append(newline)
        }
        return names
    }

    private struct Line {
        /// The name in lower case.
        let name: [UInt8]
        let value: String
        /// The position, to keep the order of equal names.
        let position: Int
    }

    /// Headers that proxies and HTTP clients change on the way, and the signature's own header.
    private static let unsigned = [
        "authorization", "connection", "expect", "transfer-encoding", "user-agent", "x-amzn-trace-id",
    ].map { Array($0.utf8) }

    private static func lines(_ headers: [HTTPHeaders.Field], host: String?) -> [Line] {
        var lines: [Line] = []
        lines.reserveCapacity(headers.count + 1)
        for field in headers {
            let name = field.name.utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
            if !unsigned.contains(name) { lines.append(Line(name: name, value: field.value, position: lines.count)) }
        }
        if let host { lines.append(Line(name: Array("host".utf8), value: host, position: lines.count)) }
        lines.sort { left, right in
            left.name == right.name
                ? left.position < right.position : left.name.lexicographicallyPrecedes(right.name)
        }
        return lines
    }

    /// Appends a value without white space around it, with one blank for each run of white space.
    private static func append(_ value: String, to bytes: inout [UInt8]) {
        var isFirst = true
        for word in value.utf8.split(whereSeparator: { $0 == 0x20 || (0x09...0x0D).contains($0) }) {
            if !isFirst { bytes.append(0x20) }
            bytes += word
            isFirst = false
        }
    }

    // MARK: Path and query

    /// The pairs sorted by their encoded bytes, so that `%E1` and an unescaped `ሴ` are equal.
    private static func canonicalQuery(_ query: String) -> String {
        query.split(separator: "&").map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count == 2 ? parts[1] : ""
            return (name: reencoded(parts[0]), value: reencoded(value))
        }
        .sorted { left, right in
            left.name == right.name
                ? left.value.utf8.lexicographicallyPrecedes(right.value.utf8)
                : left.name.utf8.lexicographicallyPrecedes(right.name.utf8)
        }
        .map { "\($0.name)=\($0.value)" }
        .joined(separator: "&")
    }

    private static func reencoded(_ text: Substring) -> String {
        URIEncoding.encode(URIEncoding.decode(text))
    }

    /// The path without dot segments and repeated slashes. It ends with a slash only if the given path does.
    private static func folded(_ path: String) -> String {
        var segments: [Substring] = []
        for segment in path.split(separator: "/") where segment != "." {
            if segment == ".." { _ = segments.popLast() } else { segments.append(segment) }
        }
        let isDirectory = path.hasSuffix("/")
        return "/" + segments.joined(separator: "/") + (isDirectory && !segments.isEmpty ? "/" : "")
    }
}
