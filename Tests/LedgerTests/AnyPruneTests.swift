import Foundation
import SecurityGroups
import TestSupport
import Testing

@testable import Ledger

/// Prunes of made-up ledgers. The seeds are fixed.
@Suite struct AnyPruneTests {
    private struct Made {
        let day: Int
        let outcome: EventOutcome
        let isTold: Bool
    }

    private static let days = 60
    private static let outcomes: [EventOutcome] = [
        .reverted, .allowed, .ignored, .deadLettered, .failed, .unchanged, .reported,
    ]

    /// A ledger of two months, some events a day.
    private func fill(_ test: TestLedger, _ random: inout SeededGenerator) async throws -> [String: Made] {
        let ledger = try test.ledger
        var made: [String: Made] = [:]
        for day in 0..<Self.days {
            for _ in 0..<Int.random(in: 0...2, using: &random) {
                let id = "e\(made.count)"
                let outcome = random.pick(Self.outcomes)
                let isTold = random.chance(70)
                let facts = EventFacts(eventID: id, eventName: "Authorize", eventTime: test.now)
                let now = test.now
                try await ledger.write { transaction in
                    let delivery = Delivery(messageID: id, receivedAt: now)
                    guard case .run(let claim) = try transaction.claim(facts, delivery: delivery) else { return }
                    try transaction.finish(claim, with: RunResult(outcome: outcome, notify: !isTold))
                }
                made[id] = Made(day: day, outcome: outcome, isTold: isTold)
            }
            test.advance(86_400)
        }
        return made
    }

    private func ids(_ test: TestLedger) throws -> Set<String> {
        let text = try test.value("SELECT group_concat(event_id) FROM events") ?? ""
        return Set(text.split(separator: ",").map(String.init))
    }

    @Test(arguments: 1...6 as ClosedRange<UInt64>)
    func `a prune drops what is old, finished and told, in steps of any size, and the rest stays provable`(
        seed: UInt64
    ) async throws {
        var random = SeededGenerator(seed: seed)
        let test = try TestLedger()
        let made = try await fill(test, &random)
        let keepDays = random.pick([2, 20, 28, 40, 55])
        let cutoff = test.now.addingTimeInterval(-86_400 * Double(keepDays))
        let limit = random.pick([1, 7, 5000])
        let ledger = try test.ledger
        var steps = 0
        while true {
            let count = try await ledger.write { try $0.prune(before: cutoff, limit: limit) }
            steps += 1
            guard count != PruneCount(), steps < 2000 else { break }
        }
        #expect(steps < 2000)
        let expected = made.filter { _, event in
            let isOld = Self.days - event.day > keepDays
            let isShort = event.outcome == .ignored || event.outcome == .deadLettered
            let isFinal = event.outcome != .failed
            return !(isOld && event.isTold && isFinal && (keepDays >= 28 || isShort))
        }
        // Small steps restate some of what they meet half of. That goes with a later prune.
        let left = try ids(test)
        #expect(limit == 5000 ? left == Set(expected.keys) : left.isSuperset(of: expected.keys))
        let verification = try LedgerReader(path: test.path).verify()
        #expect(verification.findings == [])
        #expect(verification.events == left.count)
        #expect(
            try await ledger.write { try $0.prune(before: cutoff, limit: limit) } == PruneCount(),
            "nothing is left to do"
        )
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func `an event that was dropped may come again, and the ledger stays in order`(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let test = try TestLedger()
        let made = try await fill(test, &random)
        let ledger = try test.ledger
        for round in 0..<4 {
            let cutoff = test.now.addingTimeInterval(-86_400 * Double(random.pick([1, 28, 35])))
            _ = try await ledger.write { try $0.prune(before: cutoff, limit: 50) }
            for id in made.keys.sorted() where random.chance(20) {
                let facts = EventFacts(eventID: id, eventName: "Authorize", eventTime: test.now)
                let outcome = random.pick(Self.outcomes)
                let now = test.now
                try await ledger.write { transaction in
                    let delivery = Delivery(messageID: "\(id) \(round)", replayCount: round, receivedAt: now)
                    guard case .run(let claim) = try transaction.claim(facts, delivery: delivery) else { return }
                    try transaction.finish(claim, with: RunResult(outcome: outcome))
                }
            }
            test.advance(86_400 * 3)
            #expect(try LedgerReader(path: test.path).verify().findings == [])
        }
    }
}
