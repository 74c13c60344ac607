import AWSClient
import Foundation
import Ledger

/// The leases of a fleet. At any time one host, and of its workers one, has a lease.
struct SharedLeases: Leases {
    let shared: any SharedClaims
    /// The leases of the ledger. They keep the workers of this host apart, and hold alone while the table cannot be reached.
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
    /// The condition is that no other holder has it. A lease that ends later than `duration` from now was written by a host whose
    /// clock is wrong. It counts as ended.
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
