package import AWSClient
import Formats
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
                // The text in the place of an event's id. Each approval has its own.
                eventID: "baseline approve \(RFC3339.format(now()))",
                asOf: try await latest(of: rule),
                approval: .byPerson(person, at: now())
            )
            try await put(shared.item(now: now()))
        }
    }

    /// Takes back what any host has said for these rules. Without content an item is no reason for a rule to stand.
    package func forget(_ rules: [StandingRule], by person: String) async throws {
        for rule in rules {
            var item = SharedKey.rule(rule.id.description)
            item["forgotten_by"] = .string(person)
            item["forgotten"] = .string("\(rule.content.rule)")
            // A host that writes late has an older time, and the table refuses it.
            item["as_of"] = SharedWrite.milliseconds(try await latest(of: rule))
            item["expires_at"] = SharedWrite.expiry(now())
            try await put(item)
        }
    }

    /// Now, or the time of the rule's entry if that is later. The word of a person counts, also where this machine's clock is behind.
    private func latest(of rule: StandingRule) async throws -> Date {
        let key = SharedKey.rule(rule.id.description)
        let known = try await client.getItem(table: name, key: key).flatMap(SharedRule.asOf)
        return max(now(), known ?? .distantPast)
    }

    private func put(_ item: DynamoDBItem) async throws {
        _ = try await client.write(DynamoDBWrite(.put(item)), table: name)
    }
}
