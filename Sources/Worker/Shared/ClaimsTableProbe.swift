package import AWSClient

/// Writes to the shared table that change nothing: no item has the attribute that they ask for. DynamoDB refuses them to whoever
/// may write, and says so; to whoever may not, it says that.
package enum ClaimsTableProbe {
    private static let key: DynamoDBItem = ["pk": .string("probe")]
    private static let never = DynamoDBExpression("attribute_exists(#never)", names: ["#never": "never"])

    /// An update.
    package static let write = DynamoDBWrite(
        .update(
            key: key,
            DynamoDBExpression("SET #never = :yes", names: ["#never": "never"], values: [":yes": .bool(true)])
        ),
        condition: never
    )

    /// A put.
    package static let put = DynamoDBWrite(.put(key), condition: never)
}
