/// A CloudTrail record, without the wrappings in which it came.
struct MessageEnvelope {
    /// The record.
    let record: JSONValue
    /// The account of the event bus that sent it; nil without a bus.
    let account: String?
    /// The Region of that bus.
    let region: String?

    /// The facts of the record, or nil if it has no id.
    var event: CloudTrailEvent? { CloudTrailEvent(record, account: account, region: region) }

    /// Records come alone, from EventBridge, or through SNS as a string. A topic that feeds another topic wraps twice.
    private static let maximumWrappings = 4

    /// Unwraps the body of a message.
    init(body: String) throws(UnreadableMessage) {
        try self.init(Self.parse(body, called: "the body"))
    }

    /// Unwraps a JSON value.
    init(_ value: JSONValue) throws(UnreadableMessage) {
        var outer = value
        for _ in 0..<Self.maximumWrappings {
            guard case .object = outer else {
                throw UnreadableMessage(.undecodable, "the body: JSON, but not an object")
            }
            let isRecord = outer["eventID"] != .null
            guard !isRecord || outer["detail"] == .null else {
                throw UnreadableMessage(
                    .undecodable,
                    "has an eventID beside detail, so it is two records in one",
                    event: CloudTrailEvent(outer, account: nil, region: nil)
                )
            }
            if !isRecord, outer["detail"] == .null, case .string(let message) = outer["Message"] {
                outer = try Self.parse(message, called: "Message")
                continue
            }
            let isEnvelope = !isRecord && outer["detail"] != .null
            record = isEnvelope ? outer["detail"] : outer
            account = isEnvelope ? outer["account"].text : nil
            region = isEnvelope ? outer["region"].string : nil
            guard case .object = record else { throw UnreadableMessage(.undecodable, "detail: is not an object") }
            return
        }
        throw UnreadableMessage(.undecodable, "wrapped in more than \(Self.maximumWrappings - 1) SNS notifications")
    }

    private static func parse(_ text: String, called name: String) throws(UnreadableMessage) -> JSONValue {
        let value: JSONValue
        do throws(JSONSyntaxError) {
            value = try JSONParser.parse(text)
        } catch {
            throw UnreadableMessage(.notJSON, "\(name): not JSON from byte \(error.offset) on")
        }
        guard case .object = value else { throw UnreadableMessage(.undecodable, "\(name): JSON, but not an object") }
        return value
    }
}
