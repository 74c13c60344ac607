import AWSClient
import Foundation
import Hashing
import Ledger
import SecurityGroups

/// An event as the shared table has it.
struct SharedRecord: Hashable, Sendable {
    /// The digest of the event's record; empty if it is not known.
    var digest: String
    /// The number of the last claim. It rises with each claim.
    var fence: Int
    /// The token of the last claim. No other claim has the same.
    var token: String
    /// The end of the lease of the current run; nil if there is no run.
    var leaseUntil: Date?
    /// The outcome of the last run that ended.
    var outcome: EventOutcome?
    /// The highest replay count of the runs that ended.
    var replayCount = 0
    /// The replay count of the current run.
    var claimReplayCount = 0
    /// The rules that runs tried to revert.
    var matchedRuleIDs: [String] = []
    /// The outcomes of which a host has told people.
    var told: Set<EventOutcome> = []
}

/// The decision about a delivery of an event that the table knows.
enum SharedVerdict: Hashable, Sendable {
    /// The claim in the table is the one that this worker just made. The answer to its write was lost.
    case mine
    /// The table has the event id with other content.
    case conflict
    /// Another worker runs the event, until about this time.
    case held(until: Date)
    /// The event is done, with this outcome.
    case duplicate(EventOutcome)
    /// The event is to be claimed: its last run has failed, or never ended, or the message is a replay.
    case takeOver
}

extension SharedRecord {
    /// Decides about a delivery by the same rules as the ledger.
    ///
    /// - Parameter token: The token of the claim that is being made.
    func verdict(
        digest: String,
        replayCount: Int,
        token: String,
        now: Date,
        lease: Duration
    ) -> SharedVerdict {
        if token == self.token { return .mine }
        if digest != self.digest { return .conflict }
        if let leaseUntil {
            let isHeld = ClaimRules.isHeld(until: leaseUntil, now: now, lease: lease, slack: .seconds(5))
            return isHeld ? .held(until: leaseUntil) : .takeOver
        }
        if let outcome, ClaimRules.isDuplicate(of: outcome, replayCount: replayCount, known: self.replayCount) {
            return .duplicate(outcome)
        }
        return .takeOver
    }

    /// The largest number that is read. No count and no time in milliseconds reaches it for thousands of years.
    private static let largest = 1 << 50

    /// True if the outcome is final: no further run follows by itself.
    var isSettled: Bool { leaseUntil == nil && outcome?.isFinal == true }

    /// The result of recording the end of a run with `outcome` after another host took its claim over.
    func ending(for outcome: EventOutcome) -> SharedEnding {
        // People are not told the same outcome twice, whether or not another run follows.
        if told.contains(outcome) { return .lost(isSettled: true) }
        return isSettled && outcome.isFinal && outcome.isJudged ? .late : .lost(isSettled: isSettled)
    }

    /// Reads an item of the table; nil if no worker can have written it.
    ///
    /// Numbers outside the range that a worker writes are refused, because a worker adds to them.
    init?(_ item: DynamoDBItem) {
        func number(_ name: String, upTo limit: Int) -> Int?? {
            guard let value = item[name] else { return .some(nil) }
            return value.integer.flatMap { (0...limit).contains($0) ? .some($0) : nil }
        }
        guard let digest = item["digest"]?.string, let token = item["token"]?.string,
            case .some(let fence?) = number("fence", upTo: Self.largest),
            case .some(let until) = number("lease_until", upTo: Self.largest),
            case .some(let replays) = number("replays", upTo: ReplayCount.limit),
            case .some(let claimReplays) = number("claim_replays", upTo: ReplayCount.limit)
        else { return nil }
        self.init(digest: digest, fence: fence, token: token)
        leaseUntil = until.map { Date(timeIntervalSince1970: Double($0) / 1000) }
        outcome = item["outcome"]?.string.flatMap(EventOutcome.init)
        replayCount = replays ?? 0
        claimReplayCount = claimReplays ?? 0
        if case .stringSet(let ids)? = item["matched"] { matchedRuleIDs = ids.sorted() }
        if case .stringSet(let outcomes)? = item["told"] { told = Set(outcomes.compactMap(EventOutcome.init)) }
    }
}

/// The keys of the table's items.
enum SharedKey {
    static func event(_ id: String) -> DynamoDBItem { key("event#", id) }
    static func call(_ requestID: String) -> DynamoDBItem { key("call#", requestID) }
    static func rule(_ id: String) -> DynamoDBItem { key("rule#", id) }
    static func lease(_ name: String) -> DynamoDBItem { key("lease#", name) }

    /// All temporary exemptions.
    static let exemptions = key("exemptions#", "all")

    /// The reverts of a group, or of all groups, that were made in this hour since 1970.
    static func reverts(of groupID: String?, hour: Int) -> DynamoDBItem { key("reverts#", "\(groupID ?? "*")#\(hour)") }

    /// Makes a key. DynamoDB accepts keys of up to 2,048 bytes, so the digest stands for an id that is longer than AWS makes them.
    private static func key(_ kind: String, _ id: String) -> DynamoDBItem {
        let name = id.utf8.count <= 512 ? id : "sha256:" + Digest.hex(Digest.sha256(Array(id.utf8)))
        return ["pk": .string(kind + name)]
    }
}
