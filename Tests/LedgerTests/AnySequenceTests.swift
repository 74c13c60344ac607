import Foundation
import SecurityGroups
import TestSupport
import Testing

@testable import Ledger

/// Random sequences of what workers and operators do to a ledger. The seeds are fixed.
@Suite struct AnySequenceTests {
    private static let outcomes: [EventOutcome] = [
        .reverted, .unchanged, .allowed, .reported, .suppressed, .notRestored, .conflict, .ignored, .failed,
        .deadLettered,
    ]

    private func facts(_ random: inout SeededGenerator, _ now: Date) -> EventFacts {
        let number = Int.random(in: 0..<25, using: &random)
        // One record of ten contradicts an earlier one of the same id.
        let digest = Int.random(in: 0..<10, using: &random) == 0 ? "other" : "digest"
        return EventFacts(
            eventID: "e\(number)",
            digest: digest,
            eventName: "AuthorizeSecurityGroupIngress",
            account: "111122223333",
            region: "eu-west-1",
            groupID: "sg-\(number % 3)",
            eventTime: now - Double(number)
        )
    }

    private func result(_ random: inout SeededGenerator) -> RunResult {
        let outcome = Self.outcomes.randomElement(using: &random) ?? .ignored
        let rules: [RuleResult] =
            outcome == .ignored
            ? [] : [.rule("sgr-\(Int.random(in: 0..<9, using: &random))", .reverted, undo: "aws ec2 …")]
        var result = RunResult(outcome: outcome, reason: "because", rules: rules)
        result.notify = Bool.random(using: &random)
        return result
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func `whatever is done to a ledger, its trail proves its views, and no event runs twice at once`(
        seed: UInt64
    ) async throws {
        let test = try TestLedger()
        let ledgers = [try test.open(worker: "one"), try test.open(worker: "two")]
        let reader = try LedgerReader(path: test.path)
        var random = SeededGenerator(seed: seed)
        var open: [String: [Claim]] = [:]
        for step in 0..<400 {
            let ledger = ledgers[Int.random(in: 0...1, using: &random)]
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<4:
                let event = facts(&random, test.now)
                let answer = try await ledger.claim(event, message: "m\(step)", at: test.now)
                guard case .run(let claim) = answer else { continue }
                let others = open[claim.eventID] ?? []
                #expect(others.allSatisfy { $0.fence < claim.fence }, "a later claim has a higher fence")
                open[claim.eventID, default: []].append(claim)
            case 4..<7:
                guard let id = open.keys.sorted().randomElement(using: &random), let claims = open[id],
                    let claim = claims.randomElement(using: &random), let last = claims.last
                else { continue }
                let ended = result(&random)
                do {
                    try await ledger.write { try $0.finish(claim, with: ended) }
                    #expect(claim.fence == last.fence, "only the latest claim may write an outcome")
                    open[id] = nil
                } catch LedgerError.claimLost {
                    open[id] = claims.filter { $0.fence != claim.fence }
                    if open[id]?.isEmpty == true { open[id] = nil }
                }
            case 7:
                for notice in try await ledger.write({ try $0.takeNotices(limit: 3, lease: .seconds(60)) }) {
                    try await ledger.write { try $0.noticeSent(notice) }
                }
            case 8:
                // A lease lasts for less than this, so that runs are taken over.
                test.advance(Double.random(in: 0..<90, using: &random))
            default:
                guard step % 40 == 0 else { continue }
                test.advance(30 * 86_400)
                let cutoff = test.now - 29 * 86_400
                while try await ledger.write({ try $0.prune(before: cutoff, limit: 50) }).entries > 0 {}
                _ = try await ledger.write { try $0.pruneMemory(before: cutoff) }
            }
            if step % 20 == 19 {
                let found = try reader.verify().findings
                #expect(found.isEmpty, "step \(step): \(found)")
                if !found.isEmpty { return }
            }
        }
        #expect(try reader.verify().findings == [])
    }
}
