import AWSClient
import Foundation
import Ledger
import SecurityGroups
import TestSupport
import Testing

@testable import Worker

/// A whole worker, as the command runs it, on scripted AWS.
struct WholeWorker {
    let time: VirtualTime
    let aws: ScriptedAWS
    let test: TestLedger
    let log = Log()
    var options: WorkerOptions
    /// The sleeps of more than a second that end at once. The others end only with their task.
    var passes: @Sendable (Duration) -> Bool = { _ in false }
    /// True for a worker whose sleeps end only with their tasks, so that nothing is done again and no heartbeat comes.
    var timeStandsStill = false

    init(
        standing numbers: [Int] = [],
        isUntilEmpty: Bool = true,
        policy: Policy? = nil,
        time: VirtualTime = VirtualTime(),
        aws: ScriptedAWS? = nil
    ) throws {
        self.time = time
        self.aws = aws ?? ScriptedAWS(time: time)
        test = try TestLedger(time)
        try self.aws.stand(numbers)
        self.aws.with { $0.groups[Name.group] = [:] }
        options = WorkerOptions(
            queueURL: Name.queueURL,
            deadLetterQueueURL: Name.deadLetterURL,
            policy: try policy ?? .watching([#require(SecurityGroupID(Name.group))]),
            isUntilEmpty: isUntilEmpty
        )
        options.snapshotInterval = .zero
        // An empty poll is then followed by a pause of at most a second.
        options.wait = .zero
    }

    /// A clock on which short sleeps, and those that `passes` names, end at once.
    var clock: WorkerClock {
        guard !timeStandsStill else { return time.endlessClock }
        return time.clock { [time, passes] duration in
            try await time.sleep(duration <= .seconds(1) || passes(duration) ? duration : VirtualTime.endless)
            // A loop with short pauses leaves room for others.
            if duration <= .seconds(1) { try await Task.sleep(for: .milliseconds(1)) }
        }
    }

    func worker() throws -> RevertWorker {
        RevertWorker(
            options: options,
            session: try aws.session(),
            ledger: try test.ledger,
            name: "one",
            clock: clock,
            random: { 1 },
            logger: log.logger
        )
    }

    /// Puts the record of a call that added this rule into the queue.
    func enqueue(_ number: Int) {
        let record = RecordText(eventID: "event-\(number)", rules: [number], time: time.now - 60)
        aws.with { $0.queues[Name.queueURL, default: []].append(.init(id: "m\(number)", body: record.json)) }
    }

    /// The ids of the messages in the queue.
    var left: [String] { aws.with { $0.queues[Name.queueURL, default: []].map(\.id) } }
}
