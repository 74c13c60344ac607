import AWSClient
import ArgumentParser
import Worker

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
