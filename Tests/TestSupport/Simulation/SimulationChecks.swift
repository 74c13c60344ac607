import AWSClient
import Foundation
import GRDB
import Ledger
import SecurityGroups

/// What must hold after every simulation, whatever happened in it.
struct SimulationChecks {
    let seed: UInt64
    let aws: SimulatedAWS
    let policy: Policy
    let path: String

    /// The version of a rule may be acted on for so long after it was replaced: EC2 shows old answers, and calls take time.
    private static let grace: Duration = .seconds(20)

    func report() throws -> Simulation.Report {
        let world = aws.with { $0 }
        var report = Simulation.Report(seed: seed)
        report.digest = world.trace.digest
        report.records = world.script.delivered.count
        report.forged = world.script.forged
        report.lost = world.script.lost.count
        report.changes = world.touched.count + world.opened.count
        report.calls = world.calls
        let ledger = try SimulatedLedger(path: path)
        report.problems += standing(world, ledger)
        report.problems += touched(world)
        report.problems += opened(world)
        report.problems += events(world, ledger)
        report.problems += notices(world, ledger)
        report.problems += try trail()
        return report
    }

    /// True if nobody needs leave to add the rule, or nobody looks.
    private func mayStand(_ live: LiveRule) -> Bool {
        let group = GroupFacts(
            groupID: live.groupID.description,
            account: SimulatedRecord.account,
            region: SimulatedCallers.region(of: live.groupID),
            tags: ["guard": "on"]
        )
        let context = ChangeContext(group: group, kind: live.rule.direction.added, issuerARN: nil, eventTime: nil)
        guard case .watched(let watch) = policy.watch(context) else { return true }
        return policy.decide(live.rule, context, under: watch).decision != .revert
    }

    private func isApproved(_ maker: SimulatedRules.Maker) -> Bool {
        maker == .baseline || maker == .caller(SimulatedCallers.terraform)
    }

    /// No rule stands that the policy forbids, but for those of which no record came and those whose message is a dead letter.
    private func standing(_ world: SimulatedAWS.World, _ ledger: SimulatedLedger) -> [String] {
        world.rules.standing.compactMap { live, origin in
            if mayStand(live) || isApproved(origin.maker) || origin.maker == .guardian { return nil }
            if world.script.forgedRules.contains(live.id) { return nil }
            // Whoever brings back what was approved of this very rule does what the guard would do.
            if world.rules.everSaid(live.rule, live.id, where: isApproved) { return nil }
            if let event = origin.eventID {
                if world.script.lost.contains(event) || ledger.outcome(event) == .deadLettered { return nil }
                if world.queue.redriven.contains(where: { $0.eventID == event }) { return nil }
            }
            return "\(live.id) in \(live.groupID) stands and is forbidden: \(live.rule), made by \(origin)"
        }
    }

    /// No approved rule was touched that the guard could know to be approved.
    private func touched(_ world: SimulatedAWS.World) -> [String] {
        world.touched.compactMap { touch in
            let isAllowed = mayStand(touch.rule)
            guard isAllowed || isApproved(touch.origin.maker) else { return nil }
            guard !world.script.forgedRules.contains(touch.rule.id) else { return nil }
            if !isAllowed, let event = touch.origin.eventID {
                // A record that contradicts another one of its id is not believed, whichever came first.
                if world.script.forgedEvents.contains(event) { return nil }
                guard let known = world.queue.deletedAt[event], known + Self.grace < touch.at else { return nil }
            }
            guard touch.origin.maker == .baseline || touch.origin.at + Self.grace < touch.at else { return nil }
            return "\(touch.rule.id) was touched at \(touch.at) although it was approved: \(touch.rule.rule), "
                + "made by \(touch.origin)"
        }
    }

    /// Nothing was opened that did not stand approved before.
    private func opened(_ world: SimulatedAWS.World) -> [String] {
        world.opened.compactMap { live in
            let isAllowed = mayStand(live)
            let stood = world.rules.everStood(live.rule, in: live.groupID) { maker in
                isApproved(maker) || (isAllowed && maker != .guardian)
            }
            // A forged record of an exempt caller may have named what stood, and nobody can tell.
            if world.script.forgedRules.contains(live.id) || world.script.forgedContents.contains(live.rule) {
                return nil
            }
            return stood ? nil : "\(live.id) was opened and never stood approved: \(live.rule)"
        }
    }

    /// Every event that was delivered has one final outcome, and no message is lost or left.
    private func events(_ world: SimulatedAWS.World, _ ledger: SimulatedLedger) -> [String] {
        var problems: [String] = []
        let redriven = Set(world.queue.redriven.compactMap(\.eventID))
        for (id, outcome) in ledger.outcomes.sorted(by: { $0.key < $1.key }) {
            // The row of a record that contradicts another one of its id bears that id and a digest.
            if redriven.contains(String(id.prefix { $0 != "~" })) || outcome?.isFinal == true { continue }
            problems.append("event \(id) is not finished: \(outcome?.rawValue ?? "no outcome")")
        }
        for id in world.script.delivered.sorted() where ledger.outcomes[id] == nil && !redriven.contains(id) {
            problems.append("event \(id) was delivered and has no row")
        }
        for entry in world.queue.entries {
            problems.append("message \(entry.messageID) is left in the queue after \(entry.receives) receives")
        }
        let letters = Set(world.deadLetters.entries.compactMap { $0.attributes["SgRevertEventId"]?.stringValue })
        for id in ledger.deadLettered where !letters.contains(id) {
            problems.append("event \(id) is recorded as a dead letter, and its message is in no queue")
        }
        for letter in world.deadLetters.entries where letter.attributes["SgRevertReason"] == nil {
            problems.append("dead letter \(letter.messageID) has no reason")
        }
        return problems
    }

    /// Each notice went out at least once.
    private func notices(_ world: SimulatedAWS.World, _ ledger: SimulatedLedger) -> [String] {
        let published = Set(world.published.flatMap(\.values))
        var problems = ledger.notices.compactMap { notice -> String? in
            if !notice.isSent { return "notice \(notice.id) was never sent" }
            return published.contains(notice.tellingID) ? nil : "notice \(notice.id) is recorded as sent and was not"
        }
        let told = Set(ledger.notices.map(\.id))
        for (id, outcome) in ledger.outcomes {
            guard let outcome, outcome == .reverted || outcome == .notRestored || outcome == .conflict else { continue }
            if !told.contains("\(id):\(outcome.rawValue)") { problems.append("nobody was told of \(id), \(outcome)") }
        }
        return problems
    }

    private func trail() throws -> [String] {
        let verification = try LedgerReader(path: path).verify()
        return verification.findings.map { "the trail does not verify: \($0)" }
    }
}

/// What a ledger holds after a simulation.
struct SimulatedLedger {
    struct Notice {
        let id: String
        /// The id of the notice that told of it.
        let tellingID: String
        let isSent: Bool
    }

    private(set) var outcomes: [String: EventOutcome?] = [:]
    private(set) var notices: [Notice] = []

    init(path: String) throws {
        let queue = try DatabaseQueue(path: path)
        (outcomes, notices) = try queue.read { db in
            var outcomes: [String: EventOutcome?] = [:]
            for row in try Row.fetchAll(db, sql: "SELECT event_id, outcome FROM events") {
                let (id, outcome): (String, String?) = (row[0], row[1])
                outcomes[id] = .some(outcome.flatMap(EventOutcome.init))
            }
            let sql = "SELECT id, coalesce(told_in, id), state FROM notices"
            let notices = try Row.fetchAll(db, sql: sql).map { row in
                Notice(id: row[0], tellingID: row[1], isSent: row[2] == "sent")
            }
            return (outcomes, notices)
        }
    }

    func outcome(_ id: String) -> EventOutcome? { outcomes[id] ?? nil }

    /// The events whose message is a dead letter.
    var deadLettered: [String] { outcomes.filter { $0.value == .deadLettered }.keys.sorted() }
}
