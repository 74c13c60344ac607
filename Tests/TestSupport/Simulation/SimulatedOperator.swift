import Foundation
import GRDB
import Ledger
import SecurityGroups
import TestSupport

/// The people who run the guard: they lend access for a while, and narrow the policy.
struct SimulatedOperator: Sendable {
    let host: SimulatedHost
    let plan: SimulatedPlan
    let fault: SimulatedFault?

    private var aws: SimulatedAWS { host.aws }
    private var machine: SimulatedMachine { host.machine }

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
            host.edit("UPDATE sightings SET approved_by = NULL, known_by = 'sweep' WHERE known_by = 'baseline'")
        }
    }

    private var knownGroups: [SecurityGroupID] {
        let sql = "SELECT group_id FROM group_snapshots"
        let known = try? DatabaseQueue(path: host.path).read { try String.fetchAll($0, sql: sql) }
        return (known ?? []).compactMap { SecurityGroupID($0) }
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
        host.replacePolicy(with: narrow)
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
        let from = host.now
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
            try await host.ledger(named: "operator").write { try $0.add(lent) }
        } catch {
            return host.note("an exemption cannot be added: \(error)")
        }
        aws.note("\(lent.id) is lent until \(lent.until), then \(lent.then)")
        let madeAt = machine.elapsed
        aws.with { $0.script.loans.append(SimulatedScript.Loan(exemption: lent, madeAt: madeAt)) }
        if fault == .forgetsEnds { host.edit("UPDATE exemptions SET until = '2099-01-01T00:00:00.000Z'") }
        guard isEnded else { return }
        try? await machine.sleep(duration / 2)
        let ended = try? await host.ledger(named: "operator").write { try $0.endExemption(lent.id, by: "operator") }
        guard let ended = ended ?? nil else { return }
        aws.note("\(lent.id) is ended")
        aws.with { world in
            for index in world.script.loans.indices where world.script.loans[index].exemption.id == ended.id {
                world.script.loans[index].exemption = ended
            }
        }
    }
}
