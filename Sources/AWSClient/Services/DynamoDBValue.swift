package import Formats

/// A value of a DynamoDB item, of the types that are used here.
///
/// A number is its decimal text: DynamoDB keeps 38 digits, and a `Double` would change ids and times on the way.
package enum DynamoDBValue: Hashable, Sendable {
    case string(String)
    case number(String)
    case bool(Bool)
    case null
    case list([DynamoDBValue])
    case map([String: DynamoDBValue])
    case stringSet(Set<String>)

    /// A whole number.
    package static func integer(_ value: Int) -> Self { .number(String(value)) }

    /// The text of a string.
    package var string: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// The value of a whole number that fits.
    package var integer: Int? {
        if case .number(let digits) = self { Int(digits) } else { nil }
    }

    /// The value of a truth value.
    package var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }
}

/// The attributes of an item by their names.
package typealias DynamoDBItem = [String: DynamoDBValue]

extension DynamoDBValue {
    /// Reads `{"S":"text"}` and its like; nil for a type that is not used here.
    init?(_ json: JSONTree) {
        guard let (type, value) = json.members?.first, json.members?.count == 1 else { return nil }
        switch type {
        case "S": self.init(value.string.map { .string($0) })
        case "N": self.init(value.string.map { .number($0) })
        case "BOOL": self.init(value.bool.map { .bool($0) })
        case "NULL": self = .null
        case "SS": self.init(value.elements.map { .stringSet(Set($0.compactMap(\.string))) })
        case "L":
            guard let elements = value.elements else { return nil }
            let values = elements.compactMap { DynamoDBValue($0) }
            self.init(values.count == elements.count ? .list(values) : nil)
        case "M": self.init(Self.item(value).map { .map($0) })
        default: return nil
        }
    }

    private init?(_ value: DynamoDBValue?) {
        guard let value else { return nil }
        self = value
    }

    /// Reads an item. Attributes of other types, which somebody else wrote, are left out.
    package static func item(_ json: JSONTree?) -> DynamoDBItem? {
        guard let members = json?.members else { return nil }
        return Dictionary(members.compactMap { name, value in DynamoDBValue(value).map { (name, $0) } }) { $1 }
    }

    func write(to writer: inout JSONWriter) {
        writer.object { writer in
            switch self {
            case .string(let text): writer.member("S", text)
            case .number(let digits): writer.member("N", digits)
            case .bool(let value): writer.member("BOOL", value)
            case .null: writer.member("NULL", true)
            case .stringSet(let texts):
                writer.name("SS")
                writer.array(texts.sorted())
            case .list(let values):
                writer.name("L")
                writer.array { writer in
                    for value in values { value.write(to: &writer) }
                }
            case .map(let item):
                writer.name("M")
                writer.item(item)
            }
        }
    }
}

extension JSONWriter {
    mutating func item(_ item: DynamoDBItem) {
        object { writer in
            for (name, value) in item.sorted(by: { $0.key < $1.key }) {
                writer.name(name)
                value.write(to: &writer)
            }
        }
    }

    package mutating func member(_ name: String, _ item: DynamoDBItem?) {
        guard let item else { return }
        self.name(name)
        self.item(item)
    }
}
