import Foundation
import SecurityGroups
import TestSupport
import Testing

@testable import Ledger

/// Several ledgers read as one.
@Suite struct EventStreamTests {
    let hosts: [TestLedger]

    init() throws {
        hosts = try [TestLedger(), TestLedger(), TestLedger()]
    }

    private func add(_ id: String, at minute: Double, on host: Int, _ outcome: EventOutcome?) async throws {
        let time = Date(timeIntervalSince1970: 1_764_000_000 + minute * 60)
        let ledger = try hosts[host].open(worker: "host-\(host)")
        let claim = try await ledger.claim(.full(id, time: time)).claim
        guard let outcome else { return }
        try await claim.finish(in: ledger, RunResult(outcome: outcome, rules: [.rule("sgr-\(host)", .allowed)]))
    }

    private func read(_ filter: EventFilter = EventFilter()) throws -> [String] {
        var stream = EventStream(
            try hosts.map { try LedgerReader(path: $0.path) },
            matching: filter,
            withRules: true
        )
        var found: [String] = []
        while let (event, rules) = try stream.next() {
            found.append("\(event.eventID) \(event[.worker].text ?? "") \(rules.first?[.ruleID].text ?? "-")")
        }
        return found
    }

    @Test func `events of all come newest first, and one of several once`() async throws {
        for host in 0..<3 { _ = try hosts[host].open() }
        try await add("a", at: 1, on: 0, .reverted)
        try await add("b", at: 3, on: 1, .allowed)
        try await add("c", at: 2, on: 2, .ignored)
        try await add("d", at: 2, on: 1, .unchanged)
        try await add("d", at: 2, on: 0, .reverted)
        try await add("e", at: 4, on: 2, nil)
        #expect(
            try read() == [
                "e host-2 -", "b host-1 sgr-1", "d host-0 sgr-0", "c host-2 sgr-2", "a host-0 sgr-0",
            ]
        )
        // The outcome that counts is the merged event's.
        #expect(try read(EventFilter(outcome: .unchanged)) == [])
        #expect(try read(EventFilter(outcome: .reverted)) == ["d host-0 sgr-0", "a host-0 sgr-0"])
    }

    @Test func `the most final outcome wins, whichever ledger has it`() async throws {
        let rising: [EventOutcome?] = [
            nil, .failed, .deadLettered, .ignored, .reported, .suppressed, .allowed, .unchanged, .conflict,
            .notRestored, .reverted,
        ]
        for host in 0..<3 { _ = try hosts[host].open() }
        for (rank, (less, more)) in zip(rising, rising.dropFirst()).enumerated() {
            try await add("e\(rank)", at: Double(rank), on: rank % 2, less)
            try await add("e\(rank)", at: Double(rank), on: 1 - rank % 2, more)
        }
        for (rank, line) in try read().reversed().enumerated() {
            #expect(line == "e\(rank) host-\(1 - rank % 2) sgr-\(1 - rank % 2)")
        }
    }

    @Test func `pages of several ledgers meet without gap or repetition`() async throws {
        // More than one page of each, every third event on two hosts.
        for host in 0..<2 {
            let ledger = try hosts[host].open(worker: "host-\(host)")
            _ = try await ledger.write(
                (0..<1200).filter { $0 % 2 == host || $0 % 3 == 0 }.map { number in
                    { transaction in
                        let time = Date(timeIntervalSince1970: Double(number / 4))
                        let delivery = Delivery(messageID: "m", receivedAt: .distantPast)
                        _ = try transaction.claim(.full("e\(1000 + number)", time: time), delivery: delivery)
                    }
                }
            )
        }
        _ = try hosts[2].open()
        #expect(try read().map { String($0.prefix(5)) } == (0..<1200).reversed().map { "e\(1000 + $0)" })
    }
}
