import AWSClient
import Foundation
import Ledger
import SecurityGroups
import Synchronization
import TestSupport
import Testing

@testable import Worker

/// The keeper's own loop: what is due is done at once and every twenty seconds, each part by itself.
@Suite(.timeLimit(.minutes(10))) struct KeeperRunTests {
    /// Runs the keeper of a pipeline until `isOver`. All its pauses end at once.
    private func run(
        _ it: Pipeline,
        log: Log = Log(),
        pause: (@Sendable () -> Void)? = nil,
        change: (inout StateKeeper) -> Void = { _ in },
        until isOver: @escaping @Sendable () -> Bool
    ) async throws {
        let kept = try Keeper(it)
        let clock = it.time.clock { [time = it.time] duration in
            try Task.checkCancellation()
            // One part's pause is every part's: the time does not run by the number of the parts.
            if duration == .seconds(20) { pause?() } else { time.advance(duration) }
            try await Task.sleep(for: .milliseconds(1))
        }
        var changed = StateKeeper(
            reader: kept.keeper.reader,
            claims: EventClaims(writer: it.writer),
            leases: kept.keeper.leases,
            policies: it.policies,
            holder: "one",
            places: kept.keeper.places,
            interval: .seconds(900),
            settle: .seconds(15),
            isDryRun: false,
            clock: clock,
            logger: log.logger,
            judge: { try await it.pipeline.judge($0, logger: .silent) },
            told: {}
        )
        change(&changed)
        let running = changed
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await running.run() }
            group.addTask { while !isOver() { try? await Task.sleep(for: .milliseconds(1)) } }
            await group.next()
            group.cancelAll()
        }
    }

    @Test func `it looks at once, and measures what stands`() async throws {
        let it = try Pipeline(standing: [1, 2])
        let measured = Mutex<[Int]>([])
        try await run(
            it,
            change: {
                $0.measured = { unexplained, _ in measured.withLock { $0.append(unexplained) } }
            }
        ) {
            (try? it.test.value("SELECT count(*) FROM standing_rules")) == "2" && measured.withLock { !$0.isEmpty }
        }
        #expect(measured.withLock { $0.allSatisfy { $0 == 0 } }, "it is the baseline")
    }

    @Test(arguments: [61, 30])
    func `a policy that is replaced is looked at by the next round, or once the last look is a minute old`(
        secondsAfterLook: Int
    ) async throws {
        let it = try Pipeline(standing: [1])
        let log = Log()
        let rounds = Mutex(0)
        let pause = { @Sendable in
            let round = rounds.withLock {
                $0 += 1
                return $0
            }
            if round == 80 { it.time.advance(.seconds(40)) }
            guard round == 40 else { return }
            it.time.advance(.seconds(secondsAfterLook))
            it.policies.replace(with: Policy(watch: it.policies.current.watch, digest: "new"))
        }
        try await run(it, log: log, pause: pause, until: { log.texts.count { $0 == "info: snapshot taken" } == 2 })
        #expect(log.texts.count { $0 == "info: snapshot taken" } == 2)
    }

    @Test func `a part that fails is a line with its name, and the others go on`() async throws {
        let it = try Pipeline(standing: [1])
        let log = Log()
        try it.test.execute("DROP TABLE exemptions")
        let isMeasured = Mutex(false)
        try await run(
            it,
            log: log,
            change: {
                $0.measured = { _, _ in isMeasured.withLock { $0 = true } }
            }
        ) {
            log.texts.contains("info: snapshot taken") && isMeasured.withLock(\.self)
                && log.texts.contains("warning: state not kept")
        }
        let parts = log.lines.filter { $0.message == "state not kept" }.map { $0.metadata["part"] }
        #expect(Set(parts) == ["exemptions", "open events"], "both read the exemptions")
    }

    @Test func `a place whose groups EC2 does not show is a line with its Region, and the snapshot is not whole`()
        async throws
    {
        let it = try Pipeline(standing: [1])
        let log = Log()
        it.aws.with { $0.refusals["DescribeSecurityGroups"] = [.ec2Error("UnauthorizedOperation", status: 403)] }
        try await run(it, log: log, until: { log.texts.contains("info: snapshot taken") })
        #expect(log.value("region", of: "rules not read") == "eu-west-1")
        #expect(log.value("error", of: "rules not read")?.contains("UnauthorizedOperation") == true)
        #expect(try it.test.value("SELECT count(*) FROM moments WHERE name = 'snapshot-failing'") == "1")
    }
}
