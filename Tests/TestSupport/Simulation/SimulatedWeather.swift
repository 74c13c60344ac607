import TestSupport

/// How badly AWS behaves in one simulation.
package struct SimulatedWeather: Sendable {
    /// A span of time in which one service answers nobody in a Region.
    package struct Outage: Sendable {
        let service: String
        let region: String
        let from: Duration
        let until: Duration
        /// The error that it answers; nil where nobody can be reached.
        let code: String?

        func covers(_ call: SimulatedCall, at now: Duration) -> Bool {
            service == call.service && region == call.region && from <= now && now < until
        }
    }

    /// In how many of 100 calls the answer is an error before any effect.
    package var errors = 0
    /// In how many of 100 calls the effect happens and the answer is lost.
    package var lostAnswers = 0
    /// In how many of 100 receives a message that is in flight is handed out once more.
    package var duplicates = 0
    /// By how many milliseconds what EC2 shows may be old.
    package var staleness = 0
    /// Size and refill a second of the buckets for changes.
    package var bucket = (size: 50.0, refill: 5.0)
    package var outages: [Outage] = []
    /// A group on which EC2 refuses the guard every change until this time.
    package var refusedGroup: (id: String, until: Duration)?

    /// Calm weather.
    package init() {}

    /// The weather of a seed.
    init(_ generator: inout SeededGenerator, storm: Int) {
        errors = generator.pick([0, 1, 4])
        lostAnswers = generator.pick([0, 1, 4])
        duplicates = generator.pick([0, 4, 10])
        staleness = generator.pick([0, 1_000, 5_000])
        bucket = generator.pick([(50, 5), (10, 2), (3, 0.5)])
        let services = [
            ("ec2", "eu-west-1"), ("ec2", "us-east-1"), ("sqs", "eu-west-1"), ("sts", "eu-west-1"),
            ("sns", "eu-west-1"),
        ]
        for (service, region) in services where generator.chance(20) {
            let from = generator.duration(0...storm)
            outages.append(
                Outage(
                    service: service,
                    region: region,
                    from: from,
                    until: from + generator.duration(5_000...200_000),
                    code: service == "ec2" ? generator.pick([nil, "OptInRequired", "AuthFailure"]) : nil
                )
            )
        }
        if generator.chance(20) {
            refusedGroup = (generator.pick(SimulatedCallers.groups).id, generator.duration(30_000...200_000))
        }
    }

    /// Puts the table that hosts share out of reach for a while, now and then.
    mutating func loseTable(_ generator: inout SeededGenerator, storm: Int) {
        guard generator.chance(30) else { return }
        let from = generator.duration(0...storm)
        outages.append(
            Outage(
                service: "dynamodb",
                region: "eu-west-1",
                from: from,
                until: from + generator.duration(5_000...100_000),
                code: generator.pick([nil, "ResourceNotFoundException"])
            )
        )
    }
}
