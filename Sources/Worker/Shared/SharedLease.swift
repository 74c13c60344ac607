import AWSClient
import Foundation
import Ledger

/// Leases of a fleet: of its hosts, and of the workers of each, one at a time has a lease.
struct SharedLeases: Leases {
    let shared: any SharedClaims
    /// Keeps the workers of this host apart, and is all there is while the table is lost.
    let ledger: LedgerLeases

    func lease(_ name: String, holder: String, for duration: Duration) async throws -> Bool {
        guard try await ledger.lease(name, holder: holder, for: duration) else { return false }
        guard try await shared.lease(name, holder: holder, for: duration) == false else { return true }
        _ = try await ledger.lease(name, holder: holder, for: .zero)
        return false
    }
}

extension SharedWrite {
    /// Takes or renews a lease.
    ///
    /// The condition is that nobody else has it. One that ends later than `duration` from now is of a clock that is wrong, and
    /// counts as ended.
    static func lease(_ name: String, holder: String, for duration: Duration, now: Date) -> DynamoDBWrite {
        let end = milliseconds(now.addingTimeInterval(duration.seconds))
        var update = Update()
        update.set("owner", .string(holder))
        update.set("lease_until", end)
        update.set("expires_at", expiry(now, after: 86_400))
        let condition = DynamoDBExpression(
            "attribute_not_exists(#pk) OR #owner = :owner OR #lease_until <= :now OR #lease_until > :latest",
            names: ["#pk": "pk", "#owner": "owner", "#lease_until": "lease_until"],
            values: [
                ":owner": .string(holder), ":now": milliseconds(now),
                ":latest": milliseconds(now.addingTimeInterval(max(duration, WorkerOptions.lease).seconds + 5)),
            ]
        )
        return update.write(SharedKey.lease(name), if: condition)
    }
}
