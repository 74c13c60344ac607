import TestSupport

/// What differs from seed to seed.
struct SimulatedPlan {
    /// How long the callers act.
    let storm: Duration
    let policy: SimulatedPolicy
    let processes: Int
    let maxReceiveCount: Int
    /// True if some records never arrive.
    let isLossy: Bool
    /// True if somebody puts messages of his own on the queue.
    let hasForgers: Bool
    private(set) var weather: SimulatedWeather
    /// How often snapshots are taken; zero for never.
    let snapshots: Duration
    /// True if the callers wait until the first snapshot is in the ledger.
    let waitsForSnapshot: Bool
    /// False where the first look trusts only what the policy allows.
    let trustsFirstSight: Bool
    /// When the policy is narrowed; nil for never.
    let narrowing: Duration?
    /// How many temporary exemptions there are.
    let loans: Int
    /// How many machines there are, each with a ledger of its own; where there are several, they share a table.
    let hosts: Int

    /// - Parameter hosts: How many machines there are.
    init(seed: UInt64, hosts: Int) {
        var generator = SeededGenerator(seed: seed ^ 0x5EED)
        let seconds = generator.pick([60, 90, 150])
        storm = .seconds(seconds)
        policy = generator.pick(SimulatedPolicy.allCases)
        processes = generator.pick([1, 2, 2, 3])
        maxReceiveCount = generator.pick([4, 10, 10])
        isLossy = generator.chance(30)
        hasForgers = generator.chance(50)
        weather = SimulatedWeather(&generator, storm: seconds * 1000)
        snapshots = .seconds(generator.pick([0, 60, 90, 120]))
        let hasSnapshots = snapshots > .zero
        waitsForSnapshot = hasSnapshots && generator.chance(60)
        trustsFirstSight = !(hasSnapshots && generator.chance(20))
        narrowing = hasSnapshots && generator.chance(30) ? generator.duration(10_000...(seconds * 1000)) : nil
        loans = hasSnapshots && generator.chance(50) ? generator.pick([1, 2]) : 0
        self.hosts = hosts
        if hosts > 1 { weather.loseTable(&generator, storm: seconds * 1000) }
    }

    /// When everything that was begun has had the time to end, where no message waits any more.
    var end: Duration {
        let outages = weather.outages.map(\.until) + [weather.refusedGroup?.until ?? .zero]
        let trouble = max(storm, outages.max() ?? .zero)
        guard snapshots > .zero else { return storm }
        // A clock may be wrong by 30 seconds each way.
        return trouble + snapshots + .seconds(60) + quiet
    }

    /// For so long nothing may be left to do: a snapshot, two settle times, two rounds of the keeper, and what they bring about. After
    /// the table that machines share was out, no sweep acts for three minutes.
    var quiet: Duration { snapshots > .zero ? snapshots + .seconds(hosts > 1 ? 280 : 100) : .zero }
}
