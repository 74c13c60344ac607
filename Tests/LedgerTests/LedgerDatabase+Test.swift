import Foundation
import SecurityGroups
import TestSupport
import Testing

@testable import Ledger

extension LedgerDatabase {
    func claim(
        _ event: EventFacts,
        message: String = "m1",
        replays: Int = 0,
        at: Date = .distantPast
    ) async throws -> ClaimResult {
        try await write {
            try $0.claim(event, delivery: Delivery(messageID: message, replayCount: replays, receivedAt: at))
        }
    }

    func claim(_ eventID: String, message: String = "m1", replays: Int = 0) async throws -> ClaimResult {
        try await claim(EventFacts(eventID: eventID, eventName: "Authorize"), message: message, replays: replays)
    }

    /// Claims an event that must be free, and finishes it.
    func finish(_ eventID: String, message: String = "m1", replays: Int = 0, _ result: RunResult) async throws {
        let claim = try await claim(eventID, message: message, replays: replays).claim
        try await write { try $0.finish(claim, with: result) }
    }
}

struct NotClaimed: Error {
    let result: ClaimResult
}

extension ClaimResult {
    var claim: Claim {
        get throws {
            guard case .run(let claim) = self else { throw NotClaimed(result: self) }
            return claim
        }
    }
}

extension RuleResult {
    static func rule(_ id: String, _ outcome: RuleOutcome, undo: String? = nil) -> RuleResult {
        RuleResult(
            ruleID: id,
            groupID: "sg-1",
            direction: .ingress,
            ipProtocol: "tcp",
            fromPort: 22,
            toPort: 22,
            source: "0.0.0.0/0",
            description: "d",
            decision: .revert,
            reason: "watch[0]",
            outcome: outcome,
            undo: undo
        )
    }
}

extension Claim {
    func finish(in ledger: LedgerDatabase, _ result: RunResult, notify: Bool = false) async throws {
        var result = result
        result.notify = notify
        let final = result
        try await ledger.write { try $0.finish(self, with: final) }
    }
}

extension LedgerTransaction {
    /// Keeps a look at a group of the usual account that found these rules.
    @discardableResult
    func look(
        _ rules: [LiveRule],
        _ policy: Policy = Policy(watch: [Watch(origin: "watch")]),
        group: String = Fixture.groupName,
        place: String = "\(Fixture.account) \(Fixture.region)",
        unread: Set<String> = [],
        readAt: Date? = nil
    ) throws -> SnapshotDiff {
        let facts = GroupFacts(
            groupID: group,
            account: Fixture.account,
            region: Fixture.region,
            vpcID: "",
            name: "",
            tags: [:]
        )
        let id = try #require(SecurityGroupID(group))
        let watched = try #require(WatchedGroup(id, facts, by: policy))
        return try keep(
            GroupLook(group: watched, rules: rules),
            place: place,
            policy: policy,
            unread: unread,
            readAt: readAt ?? now,
            settle: .seconds(15)
        )
    }
}
