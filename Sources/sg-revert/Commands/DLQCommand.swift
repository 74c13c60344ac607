import AWSClient
import ArgumentParser
import Foundation
import Logging
import Worker

struct DLQCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dlq",
        abstract: "See what failed, send it back, or throw it away.",
        subcommands: [DLQListCommand.self, DLQShowCommand.self, DLQReplayCommand.self, DLQDiscardCommand.self]
    )
}

/// Which dead letters a command means: those for which everything that is given holds.
struct DeadLetterFilterOptions: ParsableArguments {
    @Option(name: .customLong("event-id"), help: ArgumentHelp("The message with this event.", valueName: "id"))
    var eventID: String?

    @Option(help: ArgumentHelp("Messages about this security group.", valueName: "id"))
    var group: String?

    @Option(help: ArgumentHelp("Messages that failed for this reason.", valueName: "reason"))
    var reason: String?

    @Option(name: .customLong("older-than"), help: ArgumentHelp("Messages sent before this time.", valueName: "time"))
    var olderThan: String?

    @Option(name: .customLong("newer-than"), help: ArgumentHelp("Messages sent after this time.", valueName: "time"))
    var newerThan: String?

    @Option(help: ArgumentHelp("At most so many messages.", valueName: "n"))
    var limit: Int?

    func validate() throws {
        guard limit ?? 1 > 0 else { throw ValidationError("--limit must be 1 or more") }
    }

    /// The filter, a duration meaning that long before `now`.
    func filter(now: Date) throws -> DeadLetterFilter {
        DeadLetterFilter(
            eventID: eventID,
            groupID: group,
            reason: try reason.map { try choice($0, flag: "--reason") },
            before: try olderThan.map { try moment($0, flag: "--older-than", now: now) },
            after: try newerThan.map { try moment($0, flag: "--newer-than", now: now) },
            limit: limit
        )
    }
}

/// The two queues that a `dlq` command works on.
struct DeadLetterOptions: ParsableArguments {
    @OptionGroup var queue: QueueOptions
    @OptionGroup var aws: AWSOptions
    @OptionGroup var log: LogOptions
    @OptionGroup var config: ConfigOptions

    /// Finds the dead-letter queue, and does `body` with it and the URL of the queue that it belongs to.
    func withQueues(_ body: (DeadLetterQueue, _ sourceURL: String) async throws -> Void) async throws {
        let settings = try config.settings()
        let logger = try log.logger(settings)
        let url = try queue.queueURL(settings)
        let deadLetterURL = try queue.deadLetterQueueURL(settings)
        let session = try await aws.session(settings, logger: logger)
        do {
            let source = WorkQueue(sqs: try session.sqs(queueURL: url), url: url)
            let letters = try await source.deadLetterQueue(at: deadLetterURL)
            try await body(letters, url)
            let hidden = try await letters.hiddenCount()
            if hidden > 0 {
                complain(
                    "\(hidden) more are hidden by another reader, or by one that was killed: try again in 5 minutes"
                )
            }
        } catch let error as any CommandFailure {
            throw error
        } catch let error as AWSClientError where error.isConfiguration {
            throw RunFailure(description: "\(error)", exitCode: 78)
        } catch {
            throw RunFailure(description: "\(error)")
        }
    }
}
