package import AWSClient
package import Foundation
import Ledger
package import SecurityGroups

/// Approvals of standing rules by people, in the table of a fleet.
///
/// A host asks the table before it sweeps a rule. A worker goes on without the table; a command does not: each error is thrown.
package struct BaselineTable: Sendable {
    private let client: DynamoDBClient
    /// The table's name.
    package let name: String
    private let now: @Sendable () -> Date

    package init(client: DynamoDBClient, name: String, now: @escaping @Sendable () -> Date) {
        self.client = client
        self.name = name
        self.now = now
    }

    /// Lets rules stand on every host, with the content that they have.
    package func approve(_ rules: [StandingRule], by person: String) async throws {
        for rule in rules {
            let shared = SharedRule(
                ruleID: rule.id.description,
                content: "\(rule.content.rule)",
                eventID: Self.origin,
                asOf: now(),
                approval: .byPerson(person)
            )
            _ = try await client.write(shared.write(now: now()), table: name)
        }
    }

    /// Takes back what any host has said for these rules. Without content an item is no reason for a rule to stand.
    package func forget(_ rules: [StandingRule], by person: String) async throws {
        for rule in rules {
            var item = SharedKey.rule(rule.id.description)
            item["forgotten_by"] = .string(person)
            // A host that writes late has an older time, and the table refuses it.
            item["as_of"] = SharedWrite.milliseconds(now())
            item["expires_at"] = SharedWrite.expiry(now())
            _ = try await client.write(DynamoDBWrite(.put(item)), table: name)
        }
    }

    /// The text in the place of an event's id.
    private static let origin = "baseline approve"
}
