import AWSClient
import Foundation
import Ledger
import SecurityGroups

/// The conditional writes of a claim: take, renew, finish, release.
enum SharedWrite {
    /// The time for which events and our own calls are kept. A duplicate or a replay can come for 28 days.
    static let retention: TimeInterval = 30 * 86_400

    /// The first claim of an event, or the one that follows `record`.
    ///
    /// The condition is that nothing has changed: there is still no item, or it still has the same fence, token and lease.
    static func claim(
        _ key: DynamoDBItem,
        after record: SharedRecord?,
        digest: String,
        token: String,
        owner: String,
        replayCount: Int,
        intent: [String],
        now: Date,
        lease: Duration
    ) -> DynamoDBWrite {
        var update = Update()
        update.set("digest", .string(digest))
        update.set("fence", .integer((record?.fence ?? 0) + 1))
        update.set("token", .string(token))
        update.set("owner", .string(owner))
        update.set("lease_until", milliseconds(now.addingTimeInterval(lease.seconds)))
        update.set("claim_replays", .integer(max(replayCount, record?.claimReplayCount ?? 0)))
        update.set("expires_at", expiry(now))
        if !intent.isEmpty { update.add("matched", .stringSet(Set(intent))) }
        guard let record else {
            return update.write(key, if: DynamoDBExpression("attribute_not_exists(#pk)", names: ["#pk": "pk"]))
        }
        var text = "#was_fence = :was_fence AND #was_token = :was_token"
        var values: DynamoDBItem = [":was_fence": .integer(record.fence), ":was_token": .string(record.token)]
        if let leaseUntil = record.leaseUntil {
            text += " AND #was_until = :was_until"
            values[":was_until"] = milliseconds(leaseUntil)
        } else {
            text += " AND attribute_not_exists(#was_until)"
        }
        let names = ["#was_fence": "fence", "#was_token": "token", "#was_until": "lease_until"]
        return update.write(key, if: DynamoDBExpression(text, names: names, values: values))
    }

    /// Renews the lease, which then ends one lease from now, and adds `ruleIDs` to the item.
    ///
    /// The condition is that the run has not ended: a renewal that comes late must not claim a finished event again.
    static func renew(_ claim: SharedClaim, matched ruleIDs: [String] = [], now: Date, lease: Duration) -> DynamoDBWrite
    {
        var update = Update()
        update.set("lease_until", milliseconds(now.addingTimeInterval(lease.seconds)))
        if !ruleIDs.isEmpty { update.add("matched", .stringSet(Set(ruleIDs))) }
        let held = isHeld(claim)
        let condition = DynamoDBExpression(
            held.text + " AND attribute_exists(#is_until)",
            names: held.names.merging(["#is_until": "lease_until"]) { $1 },
            values: held.values
        )
        return update.write(SharedKey.event(claim.key), if: condition)
    }

    /// Ends the run.
    ///
    /// - Parameter tells: True if this host tells people of the outcome, so that no other host does.
    static func finish(_ claim: SharedClaim, _ outcome: EventOutcome, tells: Bool, now: Date) -> DynamoDBWrite {
        var update = Update()
        update.set("outcome", .string(outcome.rawValue))
        update.set("finished_at", milliseconds(now))
        if tells { update.add("told", .stringSet([outcome.rawValue])) }
        // A replay that failed is not over: its message comes back, and must not be taken for a duplicate then.
        if outcome.isFinal { update.set("replays", .integer(claim.replayCount)) }
        update.set("expires_at", expiry(now))
        update.remove("lease_until")
        update.remove("claim_replays")
        return update.write(SharedKey.event(claim.key), if: isHeld(claim))
    }

    /// Gives the claim back.
    static func release(_ claim: SharedClaim) -> DynamoDBWrite {
        var update = Update()
        update.remove("lease_until")
        update.remove("claim_replays")
        return update.write(SharedKey.event(claim.key), if: isHeld(claim))
    }

    /// Stores the request id of one of our own calls.
    static func call(_ requestID: String, owner: String, now: Date) -> DynamoDBWrite {
        let item = SharedKey.call(requestID).merging(["owner": .string(owner), "expires_at": expiry(now)]) { $1 }
        return DynamoDBWrite(.put(item))
    }

    private static func isHeld(_ claim: SharedClaim) -> DynamoDBExpression {
        DynamoDBExpression(
            "#is_fence = :is_fence AND #is_token = :is_token",
            names: ["#is_fence": "fence", "#is_token": "token"],
            values: [":is_fence": .integer(claim.fence), ":is_token": .string(claim.token)]
        )
    }

    static func milliseconds(_ time: Date) -> DynamoDBValue {
        .integer(Int((time.timeIntervalSince1970 * 1000).rounded()))
    }

    static func expiry(_ now: Date, after seconds: TimeInterval = retention) -> DynamoDBValue {
        .integer(Int(now.timeIntervalSince1970 + seconds))
    }
}

extension SharedWrite {
    /// An update expression under construction. The placeholders are the attributes' names.
    struct Update {
        private var sets: [String] = []
        private var adds: [String] = []
        private var removes: [String] = []
        private var names: [String: String] = [:]
        private var values: DynamoDBItem = [:]

        mutating func set(_ name: String, _ value: DynamoDBValue) {
            sets.append("#\(name) = \(bind(name, value))")
        }

        mutating func add(_ name: String, _ value: DynamoDBValue) {
            adds.append("#\(name) \(bind(name, value))")
        }

        mutating func remove(_ name: String) {
            names["#\(name)"] = name
            removes.append("#\(name)")
        }

        private mutating func bind(_ name: String, _ value: DynamoDBValue) -> String {
            names["#\(name)"] = name
            values[":\(name)"] = value
            return ":\(name)"
        }

        func write(_ key: DynamoDBItem, if condition: DynamoDBExpression? = nil) -> DynamoDBWrite {
            let clauses = [("SET", sets), ("ADD", adds), ("REMOVE", removes)].filter { !$0.1.isEmpty }
            let text = clauses.map { "\($0.0) \($0.1.joined(separator: ", "))" }.joined(separator: " ")
            return DynamoDBWrite(
                .update(key: key, DynamoDBExpression(text, names: names, values: values)),
                condition: condition
            )
        }
    }
}
