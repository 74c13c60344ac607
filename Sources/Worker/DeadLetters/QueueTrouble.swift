import AWSClient
import Formats

/// A call to a queue that failed, with the queue and the setting that names it.
package struct QueueTrouble: Error, CustomStringConvertible {
    /// The queue's URL.
    package let url: String
    /// The flag that names the queue.
    package let setting: String
    /// The error from SQS, or the reason why there was no response.
    package let underlying: any Error

    /// One line for a person.
    package var description: String {
        let queue = plainText(url, limit: 300)
        let service = underlying as? AWSServiceError
        if service?.has(code: "QueueDoesNotExist") == true
            || service?.has(code: "AWS.SimpleQueueService.NonExistentQueue") == true
        {
            return "queue \(queue) does not exist: check \(setting), or create the queue"
        }
        return "queue \(queue): \(plainText("\(underlying)")); check \(setting) and the permissions on this queue"
    }
}

/// Calls `body`. An error of it gets the queue and the setting added.
///
/// - Throws: `QueueTrouble`, or an error that already says what is wrong: of a setting, of a queue, or a cancellation.
package func naming<Result>(
    _ url: String,
    setting: String,
    _ body: () async throws -> Result
) async throws -> Result {
    do {
        return try await body()
    } catch let error as AWSServiceError {
        throw QueueTrouble(url: url, setting: setting, underlying: error)
    } catch let error as AWSClientError where !error.isConfiguration {
        throw QueueTrouble(url: url, setting: setting, underlying: error)
    } catch let error as BatchEntryFailure {
        throw QueueTrouble(url: url, setting: setting, underlying: error)
    }
}
