import Formats

/// An expression of DynamoDB with its placeholders: `attribute_not_exists(#pk) OR #lease < :now`.
package struct DynamoDBExpression: Hashable, Sendable {
    /// The text. Names and values stand in it as placeholders, so that no text from outside is ever part of it.
    package let text: String
    /// The attributes' names by their placeholders, such as `#pk`.
    package let names: [String: String]
    /// The values by their placeholders, such as `:now`.
    package let values: DynamoDBItem

    /// An expression; every placeholder of its text is to be given.
    package init(_ text: String, names: [String: String] = [:], values: DynamoDBItem = [:]) {
        self.text = text
        self.names = names
        self.values = values
    }
}

/// A write of one item.
package struct DynamoDBWrite: Hashable, Sendable {
    /// The change of the item.
    package enum Action: Hashable, Sendable {
        case put(DynamoDBItem)
        case update(key: DynamoDBItem, DynamoDBExpression)
    }

    package let action: Action
    /// Must hold for the item as it stands, or nothing is written.
    package let condition: DynamoDBExpression?

    /// A write; without a condition it happens whatever stands there.
    package init(_ action: Action, condition: DynamoDBExpression? = nil) {
        self.action = action
        self.condition = condition
    }

    /// The name of the operation.
    var operation: String {
        switch action {
        case .put: "PutItem"
        case .update: "UpdateItem"
        }
    }

    func write(to writer: inout JSONWriter, table: String) {
        writer.member("TableName", table)
        var expressions = condition.map { [$0] } ?? []
        switch action {
        case .put(let item): writer.member("Item", item)
        case .update(let key, let update):
            writer.member("Key", key)
            writer.member("UpdateExpression", update.text)
            expressions.append(update)
        }
        writer.member("ConditionExpression", condition?.text)
        writer.placeholders(of: expressions)
        // The answer to a condition that does not hold shows what stands there.
        if condition != nil { writer.member("ReturnValuesOnConditionCheckFailure", "ALL_OLD") }
    }
}

/// The result of a conditional write.
package enum DynamoDBWriteResult: Hashable, Sendable {
    /// It is written. `item` is what stands now after an update, else nil.
    case written(item: DynamoDBItem?)
    /// The condition does not hold; `existing` is what stands there, or nil if nothing does or DynamoDB does not say.
    ///
    /// A retried write may meet its own first effect: compare a token of your own with the existing item's.
    case refused(existing: DynamoDBItem?)
}

extension JSONWriter {
    /// Writes the names and values of all expressions of a request.
    mutating func placeholders(of expressions: [DynamoDBExpression]) {
        let names = expressions.reduce(into: [:]) { $0.merge($1.names) { $1 } }
        let values = expressions.reduce(into: DynamoDBItem()) { $0.merge($1.values) { $1 } }
        // DynamoDB refuses empty maps.
        if !names.isEmpty {
            name("ExpressionAttributeNames")
            object { writer in
                for (placeholder, name) in names.sorted(by: { $0.key < $1.key }) { writer.member(placeholder, name) }
            }
        }
        if !values.isEmpty { member("ExpressionAttributeValues", values) }
    }
}
