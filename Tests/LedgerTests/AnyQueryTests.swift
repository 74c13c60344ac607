import Foundation
import SecurityGroups
import TestSupport
import Testing

@testable import Ledger

/// Queries of made-up ledgers, held against the same question asked of a list in memory. The seeds are fixed.
@Suite struct AnyQueryTests {
    private static let outcomes: [EventOutcome] = [.reverted, .allowed, .failed, .ignored]
    private static let start = Date(timeIntervalSince1970: 1_764_000_000)

    private struct Event {
        let facts: EventFacts
        let outcome: EventOutcome
    }

    private func event(_ number: Int, _ random: inout SeededGenerator) -> Event {
        let facts = EventFacts(
            eventID: "e\(number)",
            eventName: "AuthorizeSecurityGroupIngress",
            account: random.pick(["111122223333", "444455556666", nil]),
            region: random.pick(["eu-west-1", "us-east-1"]),
            groupID: random.pick(["sg-1", "sg-2", nil]),
            actorARN: random.pick(["arn:a", "arn:b", nil]),
            issuerARN: random.pick(["arn:a", "arn:c", nil]),
            // Few times, so that many events share one.
            eventTime: random.chance(10) ? nil : Self.start + Double(random.pick([0, 1, 2, 5, 9]))
        )
        return Event(facts: facts, outcome: random.pick(Self.outcomes))
    }

    private func add(_ events: [Event], to ledger: LedgerDatabase) async throws {
        try await ledger.write { transaction in
            for event in events {
                let delivery = Delivery(messageID: event.facts.eventID, receivedAt: Self.start)
                guard case .run(let claim) = try transaction.claim(event.facts, delivery: delivery) else { continue }
                try transaction.finish(claim, with: RunResult(outcome: event.outcome))
            }
        }
    }

    private func filter(_ random: inout SeededGenerator) -> EventFilter {
        var filter = EventFilter()
        if random.chance(5) { filter.eventID = "e\(Int.random(in: 0..<60, using: &random))" }
        if random.chance(25) { filter.group = random.pick(["sg-1", "sg-2", "sg-3"]) }
        if random.chance(25) { filter.account = random.pick(["111122223333", "999988887777"]) }
        if random.chance(25) { filter.region = random.pick(["eu-west-1", "us-east-1"]) }
        if random.chance(25) { filter.actor = random.pick(["arn:a", "arn:c", "arn:x"]) }
        if random.chance(30) { filter.outcome = random.pick(Self.outcomes) }
        if random.chance(25) { filter.since = Self.start + Double(Int.random(in: 0...9, using: &random)) }
        if random.chance(25) { filter.until = Self.start + Double(Int.random(in: 0...9, using: &random)) }
        return filter
    }

    private func matches(_ event: Event, _ filter: EventFilter) -> Bool {
        let facts = event.facts
        if let id = filter.eventID, facts.eventID != id { return false }
        if let group = filter.group, facts.groupID != group { return false }
        if let account = filter.account, facts.account != account { return false }
        if let region = filter.region, facts.region != region { return false }
        if let actor = filter.actor, facts.actorARN != actor, facts.issuerARN != actor { return false }
        if let outcome = filter.outcome, event.outcome != outcome { return false }
        if let since = filter.since { guard let time = facts.eventTime, time >= since else { return false } }
        if let until = filter.until { guard let time = facts.eventTime, time < until else { return false } }
        return true
    }

    /// The ids of those that match, the newest first.
    private func ids(_ events: [Event], _ filter: EventFilter) -> [String] {
        events.filter { matches($0, filter) }.map(\.facts).sorted { first, second in
            let times = (first.eventTime ?? .distantPast, second.eventTime ?? .distantPast)
            return times.0 == times.1 ? first.eventID > second.eventID : times.0 > times.1
        }.map(\.eventID)
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func `a page holds what the filter names, each event once, the newest first`(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let test = try TestLedger()
        let events = (0..<60).map { event($0, &random) }
        try await add(events, to: try test.open())
        let reader = try LedgerReader(path: test.path)
        for _ in 0..<60 {
            let filter = filter(&random)
            let limit = Int.random(in: 1...20, using: &random)
            var found: [String] = []
            var cursor: EventCursor?
            repeat {
                let page = try reader.events(matching: filter, after: cursor, limit: limit)
                if page.count > limit { Issue.record("a page of \(page.count)") }
                found += page.map(\.eventID)
                cursor = page.count < limit ? nil : page.last?.cursor
            } while cursor != nil
            if found != ids(events, filter) { Issue.record("\(filter)") }
            if try reader.count(matching: filter) != found.count { Issue.record("the count of \(filter)") }
        }
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func `several ledgers are read as one, with the most final outcome of each event`(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let finality: [EventOutcome] = [.failed, .ignored, .allowed, .reverted]
        let tests = try (0..<3).map { _ in try TestLedger() }
        let all = (0..<40).map { event($0, &random) }
        var merged: [String: Event] = [:]
        for test in tests {
            var own: [Event] = []
            for event in all where random.chance(60) {
                own.append(Event(facts: event.facts, outcome: random.pick(Self.outcomes)))
            }
            try await add(own, to: try test.open())
            for event in own {
                let known = merged[event.facts.eventID].flatMap { finality.firstIndex(of: $0.outcome) } ?? -1
                if known < (finality.firstIndex(of: event.outcome) ?? 0) { merged[event.facts.eventID] = event }
            }
        }
        let readers = try tests.map { try LedgerReader(path: $0.path) }
        for _ in 0..<30 {
            let filter = filter(&random)
            var stream = EventStream(readers, matching: filter, withRules: false)
            var found: [String] = []
            while let (event, _) = try stream.next() {
                found.append(event.eventID)
                if event.outcome != merged[event.eventID]?.outcome { Issue.record("\(event.eventID) of \(filter)") }
            }
            if found != ids(Array(merged.values), filter) { Issue.record("\(filter)") }
        }
    }
}
