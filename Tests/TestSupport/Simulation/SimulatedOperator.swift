import Foundation
import GRDB
import Ledger
import SecurityGroups
import TestSupport

/// The people who run the guard: they lend access for a while, and narrow the policy.
struct SimulatedOperator: Sendable {
    let hosts: [SimulatedHost]
    let plan: SimulatedPlan
    let fault: SimulatedFault?

    /// Where they sit when they lend.
    private var desk: SimulatedHost { hosts[0] }
    private var aws: SimulatedAWS { desk.aws }
    private var machine: SimulatedMachine { desk.machine }

    /// Does all that the plan has.
    func act() async {
        guard plan.snapshots > .zero else { return }
        await withDiscardingTaskGroup { group in
            group.addTask { await noteFirstSights() }
            if let narrowing = plan.narrowing { group.addTask { await narrow(at: narrowing) } }
            for number in 0..<plan.loans { group.addTask { await lend(number) } }
        }
    }

    /// Notes when the ledger first knows the rules of each group.
    private func noteFirstSights() async {
        while aws.with({ $0.script.firstSeen.count }) < SimulatedCallers.groups.count, machine.elapsed < plan.end {
            guard (try? await machine.sleep(.seconds(1))) != nil else { return }
            let (known, now) = (knownGroups, machine.elapsed)
            aws.with { world in
                for id in known where world.script.firstSeen[id] == nil {
                    world.script.firstSeen[id] = now
                }
            }
        }
        if fault == .forgetsBaseline {
            edit("UPDATE sightings SET approved_by = NULL, known_by = 'sweep' WHERE known_by = 'baseline'")
        }
    }

    private var knownGroups: [SecurityGroupID] {
        let sql = "SELECT group_id FROM group_snapshots"
        return hosts.flatMap { host in
            let known = try? DatabaseQueue(path: host.path).read { try String.fetchAll($0, sql: sql) }
            return (known ?? []).compactMap { SecurityGroupID($0) }
        }
    }

    /// Changes all ledgers behind the back of all processes.
    private func edit(_ sql: String) {
        for host in hosts { host.edit(sql) }
    }

    private func narrow(at time: Duration) async {
        try? await machine.sleep(time)
        aws.note("the policy is narrowed")
        let now = machine.elapsed
        aws.with { $0.script.narrowedAt = now }
        guard fault != .keepsOldPolicy,
            let narrow = try? plan.policy.read(
                isNarrow: true,
                trustsFirstSight: plan.trustsFirstSight
            )
        else { return }
        for host in hosts { host.replacePolicy(with: narrow) }
    }

    /// Lends access for a while, and now and then ends that before its time.
    private func lend(_ number: Int) async {
        let (start, duration, isEnded, group, then) = aws.with { world in
            (
                world.generator.duration(1_000...60_000), world.generator.duration(30_000...120_000),
                world.generator.chance(25), world.generator.chance(50) ? SimulatedCallers.groups[0].id : nil,
                world.generator.chance(80) ? Exemption.End.revert : .leave
            )
        }
        try? await machine.sleep(start)
        let from = desk.now
        let lent = TemporaryExemption(
            id: "ex-0000000\(number)",
            principal: SimulatedCallers.oncall,
            groupID: group,
            from: from,
            until: from.addingTimeInterval(duration.inSeconds),
            then: then,
            remind: .seconds(20),
            reason: "incident",
            madeBy: "operator"
        )
        do {
            for host in hosts { try await host.ledger(named: "operator").write { try $0.add(lent) } }
        } catch {
            return desk.note("an exemption cannot be added: \(error)")
        }
        aws.note("\(lent.id) is lent until \(lent.until), then \(lent.then)")
        let madeAt = machine.elapsed
        aws.with { $0.script.loans.append(SimulatedScript.Loan(exemption: lent, lastEnd: lent.end, madeAt: madeAt)) }
        if fault == .forgetsEnds { edit("UPDATE exemptions SET until = '2099-01-01T00:00:00.000Z'") }
        guard isEnded else { return }
        try? await machine.sleep(duration / 2)
        // By a clock that is fast it has ended already.
        var ends: [TemporaryExemption] = []
        for host in hosts {
            let ended = try? await host.ledger(named: "operator").write { try $0.endExemption(lent.id, by: "operator") }
            ends.append((ended ?? nil) ?? lent)
        }
        guard let ended = ends.min(by: { $0.end < $1.end }), let last = ends.map(\.end).max(), ended.endedAt != nil
        else { return }
        aws.note("\(lent.id) is ended")
        aws.with { world in
            for index in world.script.loans.indices where world.script.loans[index].exemption.id == ended.id {
                world.script.loans[index].exemption = ended
                world.script.loans[index].lastEnd = last
            }
        }
    }
}
