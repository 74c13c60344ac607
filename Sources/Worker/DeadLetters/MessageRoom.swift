import AWSClient
import Foundation

/// The room for further attributes that SQS allows in addition to a message's body and its own attributes.
struct MessageRoom {
    /// SQS allows ten attributes.
    private static let attributeLimit = 10
    /// SQS allows 1 MiB for the body and all attributes, names and types included.
    private static let sizeLimit = 1_048_576

    private let own: [String: MessageAttributeValue]
    private let bytes: Int

    /// The room beside a body of `bodySize` bytes and the attributes `own`.
    init(beside own: [String: MessageAttributeValue], bodySize: Int) {
        self.own = own
        bytes = Self.sizeLimit - bodySize - own.reduce(0) { $0 + $1.value.size(named: $1.key) }
    }

    /// The message's own attributes with as many of `parts` as fit, the first ones first.
    ///
    /// - Parameter shortened: the part that is shortened before any part is left out.
    func filled(
        with parts: [(name: String, value: MessageAttributeValue)],
        shortened: String? = nil
    ) -> [String: MessageAttributeValue] {
        var fitting = Array(parts.prefix(max(Self.attributeLimit - own.count, 0)))
        var excess = fitting.reduce(-bytes) { $0 + $1.value.size(named: $1.name) }
        if excess > 0, let index = fitting.firstIndex(where: { $0.name == shortened }) {
            excess -= Self.shorten(&fitting, at: index, by: excess)
        }
        while excess > 0, let part = fitting.popLast() { excess -= part.value.size(named: part.name) }
        return own.merging(fitting.map { ($0.name, $0.value) }) { _, ours in ours }
    }

    /// Shortens the part's text by at least `excess` bytes, or removes the part if no text is left.
    ///
    /// - Returns: The number of bytes that were saved.
    private static func shorten(
        _ parts: inout [(name: String, value: MessageAttributeValue)],
        at index: Int,
        by excess: Int
    ) -> Int {
        let part = parts[index]
        let text = part.value.stringValue ?? ""
        let shorter = text.prefix(utf8Count: text.utf8.count - excess)
        // SQS refuses an empty value.
        guard !shorter.isEmpty else {
            parts.remove(at: index)
            return part.value.size(named: part.name)
        }
        parts[index].value = .string(shorter)
        return text.utf8.count - shorter.utf8.count
    }
}

extension String {
    /// The longest beginning of the text that takes no more than `utf8Count` bytes.
    fileprivate func prefix(utf8Count: Int) -> String {
        var rest = utf8Count
        return String(
            String.UnicodeScalarView(
                unicodeScalars.prefix {
                    rest -= $0.utf8.count
                    return rest >= 0
                }
            )
        )
    }
}

extension MessageAttributeValue {
    /// The bytes that SQS counts for the attribute.
    fileprivate func size(named name: String) -> Int {
        name.utf8.count + dataType.utf8.count + (stringValue?.utf8.count ?? 0) + (binaryValue?.count ?? 0)
    }
}
