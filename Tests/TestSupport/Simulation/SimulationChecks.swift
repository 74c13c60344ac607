import AWSClient
import Foundation
import GRDB
import Ledger
import SecurityGroups

/// What must hold after every simulation, whatever happened in it.
struct SimulationChecks {
    let seed: UInt64
    let aws: SimulatedAWS
    let plan: SimulatedPlan
    let policy: Policy
    let narrowPolicy: Policy
    let paths: [String]

    /// The version of a rule may be acted on for so long after it was replaced: EC2 shows old answers, and calls take time.
    private static let grace: Duration = .seconds(20)
    /// By so much a machine's clock may be wrong, and a call be late.
    private static let skew: Duration = .seconds(40)

    func report() throws -> Simulation.Report {
        let world = aws.with { $0 }
        var report = Simulation.Report(seed: seed)
        report.digest = world.trace.digest
        report.records = world.script.delivered.count
        report.forged = world.script.forged
        report.lost = world.script.lost.count
        report.changes = world.touched.count + world.opened.count
        report.calls = world.calls
        let ledger = try SimulatedLedger(paths: paths)
        report.own = ledger.outcomes.keys.count { OwnEvent.isID($0) }
        report.problems += standing(world, ledger)
        report.problems += touched(world)
        report.problems += opened(world)
        report.problems += events(world, ledger)
        report.problems += notices(world, ledger)
        report.problems += try trail()
        return report
    }

    private var hasSnapshots: Bool { plan.snapshots > .zero }

    /// True if at `time` nobody needed leave to add the rule, or nobody looked.
    private func mayStand(_ live: LiveRule, at time: Duration, in world: SimulatedAWS.World) -> Bool {
        let isNarrow = world.script.narrowedAt.map { $0 <= time } ?? false
        let policy = isNarrow ? narrowPolicy : policy
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

    /// True if whoever made the rule so had leave to, and still had it at `time`.
    ///
    /// - Parameter slack: By so much the clock may be wrong by which a temporary exemption began.
    private func isApproved(
        _ origin: SimulatedRules.Origin,
        in group: SecurityGroupID,
        at time: Duration,
        _ world: SimulatedAWS.World,
        slack: Duration = .zero
    ) -> Bool {
        switch origin.maker {
        case .baseline: plan.trustsFirstSight
        case .caller(SimulatedCallers.oncall): world.script.lends(origin, in: group, at: time, slack: slack)
        case .caller(let maker): maker == SimulatedCallers.terraform
        case .guardian: false
        }
    }

    /// No rule stands that the policy forbids, but for those of which no record came and those whose message is a dead letter.
    /// Where there are snapshots, these are found as well.
    private func standing(_ world: SimulatedAWS.World, _ ledger: SimulatedLedger) -> [String] {
        let end = aws.machine.elapsed
        return world.rules.standing.compactMap { live, origin in
            // An exemption that a slow clock dates back covers what was made shortly before it.
            let hasLeave: (SimulatedRules.Origin) -> Bool = {
                isApproved($0, in: live.groupID, at: end, world, slack: Self.skew)
            }
            if mayStand(live, at: end, in: world) || hasLeave(origin) { return nil }
            if origin.maker == .guardian || world.script.forgedRules.contains(live.id) { return nil }
            // Whoever brings back what was approved of this very rule does what the guard would do.
            let isBroughtBack = world.rules.everSaid(live.rule, live.id) {
                $0.maker == .guardian || hasLeave($0)
            }
            if isBroughtBack { return nil }
            var words = "stands and is forbidden"
            if let event = origin.eventID {
                let isLost = world.script.lost.contains(event)
                let isGivenUp =
                    ledger.outcome(event) == .deadLettered || world.queue.redriven.contains { $0.eventID == event }
                if isLost || isGivenUp {
                    if !hasSnapshots || isOfFirstSight(live, origin, world) { return nil }
                    words += ", and no event tells of it"
                } else if origin.maker == .caller(SimulatedCallers.oncall),
                    world.script.lends(origin, in: live.groupID, at: .zero)
                {
                    words += ", and its exemption is over"
                } else if mayStand(live, at: .zero, in: world) {
                    // What stood at the first look is of the baseline, also where a record says that the policy allowed it.
                    if hasSnapshots, isOfFirstSight(live, origin, world) { return nil }
                    words += ", and was allowed before"
                }
            }
            return "\(live.id) in \(live.groupID) \(words): \(live.rule), made by \(origin)"
        }
    }

    /// True for what stood when the ledger first looked at the group, without a record that tells more.
    private func isOfFirstSight(
        _ live: LiveRule,
        _ origin: SimulatedRules.Origin,
        _ world: SimulatedAWS.World
    ) -> Bool {
        plan.trustsFirstSight && origin.at <= world.script.firstSeen[live.groupID] ?? .zero
    }

    /// No approved rule was touched that the guard could know to be approved.
    private func touched(_ world: SimulatedAWS.World) -> [String] {
        world.touched.compactMap { touch in
            let (rule, origin) = (touch.rule, touch.origin)
            let isAllowed = mayStand(rule, at: touch.at, in: world)
            guard isAllowed || isApproved(origin, in: rule.groupID, at: touch.at + Self.skew, world) else { return nil }
            guard !world.script.forgedRules.contains(rule.id) else { return nil }
            if !isAllowed, let event = origin.eventID {
                // A record that contradicts another one of its id is not believed, whichever came first.
                if world.script.forgedEvents.contains(event) { return nil }
                guard let known = world.queue.deletedAt[event], known + Self.grace < touch.at else { return nil }
            }
            guard origin.maker == .baseline || origin.at + Self.grace < touch.at else { return nil }
            return "\(rule.id) was touched at \(touch.at) although it was approved: \(rule.rule), made by \(origin)"
        }
    }

    /// Nothing was opened that did not stand approved before, and that was not allowed any more.
    private func opened(_ world: SimulatedAWS.World) -> [String] {
        world.opened.compactMap { opening in
            let live = opening.rule
            // A call that was on its way when its process was paused arrives when the process goes on.
            let pause = world.script.pauses.first {
                $0.upperBound <= opening.at && opening.at < $0.upperBound + .seconds(1)
            }
            let decidedAt = max((pause?.lowerBound ?? opening.at) - Self.skew, .zero)
            let isAllowed = mayStand(live, at: decidedAt, in: world)
            let stood = world.rules.everStood(live.rule, in: live.groupID) { origin in
                isApproved(origin, in: live.groupID, at: decidedAt, world, slack: Self.skew)
                    || (isAllowed && origin.maker != .guardian)
            }
            // A forged record of an exempt caller may have named what stood, and nobody can tell.
            if world.script.forgedRules.contains(live.id) || world.script.forgedContents.contains(live.rule) {
                return nil
            }
            return stood ? nil : "\(live.id) was opened at \(opening.at) and never stood approved: \(live.rule)"
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
        for id in world.script.loans.map(\.exemption.id) {
            for moment in ["begun", "ended"]
            where !told.contains(where: { $0.hasPrefix("exemption:\(id):") && $0.hasSuffix(moment) }) {
                problems.append("nobody was told that \(id) has \(moment)")
            }
        }
        return problems
    }

    private func trail() throws -> [String] {
        try paths.flatMap { path in
            try LedgerReader(path: path).verify().findings.map { "the trail does not verify: \($0)" }
        }
    }
}

/// What the ledgers hold together.
struct SimulatedLedger {
    struct Notice {
        let id: String
        /// The id of the notice that told of it.
        let tellingID: String
        let isSent: Bool
    }

    /// The outcome of each event; of several hosts' the one that a reader of all ledgers is shown.
    private(set) var outcomes: [String: EventOutcome?] = [:]
    private(set) var notices: [Notice] = []

    init(paths: [String]) throws {
        var (ended, digests): (Set<String>, [String: String]) = ([], [:])
        for path in paths {
            let (events, rows) = try DatabaseQueue(path: path).read { db in
                (
                    try Row.fetchAll(db, sql: "SELECT event_id, outcome, digest FROM events"),
                    try Row.fetchAll(db, sql: "SELECT id, coalesce(told_in, id), state FROM notices")
                )
            }
            for row in events {
                let (id, text): (String, String?) = (row[0], row[1])
                let outcome = text.flatMap(EventOutcome.init)
                if outcome?.isFinal == true { ended.insert(row[2]) }
                digests[id] = row[2]
                if let known = outcomes[id], known.finality >= outcome.finality { continue }
                outcomes[id] = .some(outcome)
            }
            notices += rows.map { Notice(id: $0[0], tellingID: $0[1], isSent: $0[2] == "sent") }
        }
        // A record that one host knows for a conflict has its own id on a host that never saw the other one.
        for (id, outcome) in outcomes where id.contains("~") && outcome?.isFinal != true {
            if let digest = digests[id], ended.contains(digest) { outcomes[id] = nil }
        }
    }

    func outcome(_ id: String) -> EventOutcome? { outcomes[id] ?? nil }

    /// The events whose message is a dead letter.
    var deadLettered: [String] { outcomes.filter { $0.value == .deadLettered }.keys.sorted() }
}
