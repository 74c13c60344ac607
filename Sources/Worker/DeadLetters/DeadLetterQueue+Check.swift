package import AWSClient
import Formats
import Foundation

extension DeadLetterQueue {
    /// Checks the setting `--dead-letter-queue-url` without asking AWS.
    ///
    /// - Throws: `AWSClientError.invalidSetting` where it names the queue itself, or lies on another host or in another Region.
    package static func check(
        _ url: String,
        beside queueURL: String,
        session: AWSSession
    ) throws(AWSClientError) {
        let source = try session.sqs(queueURL: queueURL)
        let letters = try session.sqs(queueURL: url)
        func refused(_ reason: String) -> AWSClientError {
            .invalidSetting(name: setting, value: url, reason: reason)
        }
        guard letters.endpoint.authority == source.endpoint.authority, letters.region == source.region else {
            throw refused(
                "it lies at \(letters.endpoint.authority) in \(letters.region) and the queue at "
                    + "\(source.endpoint.authority) in \(source.region); both must have the same host and Region"
            )
        }
        guard path(url) != path(queueURL) else {
            throw refused("it is the queue itself; name the queue for what fails, or leave the setting out")
        }
    }

    /// Asks SQS for the queue.
    ///
    /// - Returns: what is wrong with it that does not keep the worker from using it, one line each.
    /// - Throws: `QueueTrouble` where the queue does not exist or cannot be asked for.
    package func check() async throws -> [String] {
        let attributes: [String: String]
        do {
            attributes = try await naming(url, setting: Self.setting) {
                try await sqs.getQueueAttributes(queueURL: url)
            }
        } catch let trouble as QueueTrouble where trouble.isDenied {
            return ["\(trouble); allow sqs:GetQueueAttributes, so that the queue can be checked"]
        }
        return QueueAttributes(attributes).deadLetterTargetARN.map { target in
            ["\(url) has a redrive policy of its own: what is read there often is moved on to \(plainText(target))"]
        } ?? []
    }

    /// Checks that reading the queue moves nothing out of it.
    ///
    /// - Throws: `DeadLettersMoveOn` where the queue has a redrive policy of its own: a read counts as a receive.
    package func checkReading() async throws {
        let attributes = try await naming(url, setting: Self.setting) {
            QueueAttributes(try await sqs.getQueueAttributes(queueURL: url))
        }
        guard let target = attributes.deadLetterTargetARN else { return }
        throw DeadLettersMoveOn(url: url, target: target, receives: attributes.maxReceiveCount)
    }

    /// The account and name in a queue's URL.
    private static func path(_ url: String) -> String {
        let path = HTTPURL(url)?.path ?? url
        return path.hasSuffix("/") ? String(path.dropLast()) : path
    }
}

extension QueueTrouble {
    fileprivate var isDenied: Bool {
        guard let error = underlying as? AWSServiceError else { return false }
        return error.statusCode == 403 || error.code.hasPrefix("AccessDenied")
    }
}

/// The dead-letter queue has a redrive policy, so that SQS moves away what is read there too often.
package struct DeadLettersMoveOn: Error, CustomStringConvertible {
    let url: String
    let target: String
    let receives: Int?

    /// One line for a person.
    package var description: String {
        let count = receives.map { "after \($0) receives" } ?? "after some receives"
        return
            "the dead-letter queue \(plainText(url, limit: 300)) has a redrive policy of its own: \(count) SQS moves a message "
            + "to \(plainText(target, limit: 300)), and every read is a receive; remove the policy first "
            + "(aws sqs set-queue-attributes --queue-url … --attributes RedrivePolicy=)"
    }
}
