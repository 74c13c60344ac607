import AWSClient
import ArgumentParser
import Worker

/// The two queues of a `dlq` command.
struct DeadLetterOptions: ParsableArguments {
    @OptionGroup var queue: QueueOptions
    @OptionGroup var aws: AWSOptions
    @OptionGroup var log: LogOptions
    @OptionGroup var config: ConfigOptions

    /// Finds the dead-letter queue and calls `body` with it.
    ///
    /// A signal, or the end of standard output's reader, ends `body` early. It then gives back what it has read.
    func withQueues(_ body: (DeadLetterWork) async throws -> Void) async throws {
        let settings = try config.settings()
        let logger = try log.logger(settings)
        let url = try queue.queueURL(settings)
        let deadLetterURL = try queue.deadLetterQueueURL(settings)
        let session = try await aws.session(settings, logger: logger)
        try await callingAWS {
            if let deadLetterURL { try DeadLetterQueue.check(deadLetterURL, beside: url, session: session) }
            let source = WorkQueue(sqs: try session.sqs(queueURL: url), url: url)
            let letters = try await naming(url, setting: "--queue-url") {
                try await source.deadLetterQueue(at: deadLetterURL)
            }
            try await letters.checkReading()
            let work = DeadLetterWork(queue: letters, sourceURL: url)
            StandardOutput.whenClosed { work.stop.request() }
            async let _: Void = work.stopOnSignals()
            try await body(work)
            try work.checkUninterrupted()
        }
    }
}
