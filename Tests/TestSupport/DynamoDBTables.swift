package import AWSClient
import Formats
import Foundation

/// DynamoDB's tables in memory: the items of each, by their partition keys.
package typealias DynamoDBTables = [String: [String: DynamoDBItem]]

/// Tables understand the expressions that the worker writes.
extension DynamoDBTables {
    /// Answers a call.
    package mutating func answer(_ action: String, _ body: [UInt8]) -> HTTPResponse {
        guard let request = try? JSONTree.parse(body), let table = request["TableName"]?.string,
            var items = self[table]
        else { return .dynamoDBError("ResourceNotFoundException") }
        let key = DynamoDBValue.item(request["Key"]) ?? DynamoDBValue.item(request["Item"]) ?? [:]
        guard let pk = key["pk"]?.string else { return .dynamoDBError("ValidationException") }
        let expression = Expression(request)
        let item = items[pk]
        if let condition = request["ConditionExpression"]?.string, !expression.holds(condition, for: item) {
            return .dynamoDBError("ConditionalCheckFailedException", item: item)
        }
        switch action {
        case "GetItem": return .dynamoDB(["Item": item])
        case "PutItem":
            items[pk] = key
        case "UpdateItem":
            items[pk] = expression.updated(item ?? key, by: request["UpdateExpression"]?.string ?? "")
        default: return .dynamoDBError("UnknownOperationException")
        }
        self[table] = items
        return .dynamoDB(["Attributes": items[pk]])
    }
}

/// The placeholders of a request, and what they stand for.
private struct Expression {
    let names: [String: String]
    let values: DynamoDBItem

    init(_ request: JSONTree) {
        let pairs = request["ExpressionAttributeNames"]?.members ?? []
        names = Dictionary(pairs.compactMap { pair in pair.1.string.map { (pair.0, $0) } }) { $1 }
        values = DynamoDBValue.item(request["ExpressionAttributeValues"]) ?? [:]
    }

    func holds(_ condition: String, for item: DynamoDBItem?) -> Bool {
        condition.components(separatedBy: " OR ").contains { alternative in
            holdsAll(alternative, for: item)
        }
    }

    private func holdsAll(_ condition: String, for item: DynamoDBItem?) -> Bool {
        condition.components(separatedBy: " AND ").allSatisfy { term in
            for function in ["attribute_not_exists(", "attribute_exists("] where term.hasPrefix(function) {
                let name = names[String(term.dropFirst(function.count).dropLast())] ?? ""
                return (item?[name] != nil) == (function == "attribute_exists(")
            }
            let words = term.components(separatedBy: " ")
            guard let found = item?[names[words[0]] ?? ""], let value = values[words[2]] else { return false }
            switch words[1] {
            case "<=": return (found.integer ?? 0) <= (value.integer ?? 0)
            case "<>": return found != value
            case ">": return (found.integer ?? 0) > (value.integer ?? 0)
            default: return found == value
            }
        }
    }

    func updated(_ item: DynamoDBItem, by update: String) -> DynamoDBItem {
        var item = item
        let words = update.replacing(",", with: "").split(separator: " ").map(String.init)
        var clause = ""
        var index = 0
        while index < words.count {
            if ["SET", "ADD", "REMOVE"].contains(words[index]) {
                clause = words[index]
                index += 1
                continue
            }
            let name = names[words[index]] ?? ""
            switch clause {
            case "SET":
                item[name] = values[words[index + 2]]
                index += 3
            case "ADD":
                item[name] = values[words[index + 1]].map { Self.sum(item[name], $0) }
                index += 2
            default:
                item[name] = nil
                index += 1
            }
        }
        return item
    }

    private static func sum(_ old: DynamoDBValue?, _ new: DynamoDBValue) -> DynamoDBValue {
        switch (old, new) {
        case (.stringSet(let old)?, .stringSet(let new)): .stringSet(old.union(new))
        case (let old?, .number): .integer((old.integer ?? 0) + (new.integer ?? 0))
        default: new
        }
    }
}

extension HTTPResponse {
    fileprivate static func dynamoDB(_ members: [String: DynamoDBItem?]) -> Self {
        let body = JSONWriter.object { writer in
            for (name, item) in members { if let item { writer.member(name, item) } }
        }
        return HTTPResponse(status: 200, body: body)
    }

    /// An error of DynamoDB, which may show the item that stands in the way.
    package static func dynamoDBError(_ code: String, status: Int = 400, item: DynamoDBItem? = nil) -> Self {
        let body = JSONWriter.object { writer in
            writer.member("__type", "com.amazonaws.dynamodb.v20120810#\(code)")
            writer.member("message", "no")
            if let item { writer.member("Item", item) }
        }
        return HTTPResponse(status: status, body: body)
    }
}
