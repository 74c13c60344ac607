import Logging

/// The trace of a message, from SQS's system attribute `AWSTraceHeader`, with the ids of the W3C trace context.
struct TraceContext: Hashable, Sendable {
    /// 32 hexadecimal digits.
    let traceID: String
    /// 16 hexadecimal digits.
    let parentID: String?

    /// Reads `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1`; nil for any other text.
    init?(_ header: String?) {
        guard let header, header.utf8.count <= 500 else { return nil }
        let pairs = header.split(separator: ";").map { $0.split(separator: "=", maxSplits: 1) }.filter { $0.count == 2 }
        func value(_ name: Substring) -> Substring? { pairs.first { $0[0] == name }?[1] }
        guard let root = value("Root")?.split(separator: "-", omittingEmptySubsequences: false), root.count == 3,
            root[0] == "1", root[1].utf8.count == 8, root[2].utf8.count == 24, Self.isHex(root[1] + root[2])
        else { return nil }
        traceID = String(root[1] + root[2])
        parentID = value("Parent").flatMap { $0.utf8.count == 16 && Self.isHex($0) ? String($0) : nil }
    }

    /// The metadata of every log line about the message.
    var metadata: Logger.Metadata {
        var metadata: Logger.Metadata = ["trace.id": "\(traceID)"]
        if let parentID { metadata["span.id"] = "\(parentID)" }
        return metadata
    }

    private static func isHex(_ text: some StringProtocol) -> Bool {
        text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }
}
