import Foundation

/// The form of a request that both ends can compute: what a SigV4 signature is a signature of.
struct CanonicalRequest {
    /// The names of the signed headers, sorted, joined by `;`.
    let signedHeaders: String
    /// The whole canonical text.
    let text: String

    /// - Parameters:
    ///   - path: as it goes over the wire; it is encoded once more here, as every service but S3 wants it.
    ///   - query: as it goes over the wire.
    ///   - normalizesPath: whether dot segments and empty segments are folded (every service but S3).
    init(
        method: String,
        path: String,
        query: String,
        headers: [(name: String, value: String)],
        payloadHash: String,
        normalizesPath: Bool = true
    ) {
        let folded = normalizesPath ? Self.folded(path) : path
        let signed = Self.signed(headers)
        signedHeaders = signed.map(\.name).joined(separator: ";")
        text = [
            method,
            URIEncoding.encode(folded, keepingSlashes: true),
            Self.canonicalQuery(query),
            signed.map { "\($0.name):\($0.value)\n" }.joined(),
            signedHeaders,
            payloadHash,
        ].joined(separator: "\n")
    }

    /// Headers that proxies and HTTP clients change on the way, and the signature's own.
    private static let unsigned: Set = [
        "authorization", "connection", "expect", "transfer-encoding", "user-agent", "x-amzn-trace-id",
    ]

    /// Lower-case names in order, the values of one name joined in the order in which they are sent.
    private static func signed(_ headers: [(name: String, value: String)]) -> [(name: String, value: String)] {
        var values: [String: [String]] = [:]
        for header in headers {
            let name = header.name.lowercased()
            guard !unsigned.contains(name) else { continue }
            let words = header.value.split(whereSeparator: \.isWhitespace)
            values[name, default: []].append(words.joined(separator: " "))
        }
        return values.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            .map { ($0, values[$0, default: []].joined(separator: ",")) }
    }

    /// Pairs sorted by their encoded bytes, so that `%E1` and an unescaped `ሴ` are the same.
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

    /// Dot segments removed, runs of slashes made one; a slash stands at the end only where the path itself has it.
    private static func folded(_ path: String) -> String {
        var segments: [Substring] = []
        for segment in path.split(separator: "/") where segment != "." {
            if segment == ".." { _ = segments.popLast() } else { segments.append(segment) }
        }
        let isDirectory = path.hasSuffix("/")
        return "/" + segments.joined(separator: "/") + (isDirectory && !segments.isEmpty ? "/" : "")
    }
}
