import AWSClient
import Foundation
import GRDB

/// What one test has to itself: queues, a topic with an inbox, a watched group, a folder with a ledger.
final class World: Sendable {
    let aws: AWS
    let queue: String
    let deadLetters: String
    let inbox: String
    let topic: String
    /// The group that the worker watches, unless a test says otherwise.
    let group: String
    let folder: URL
    /// What points the program at all of it.
    let environment: [String: String]

    /// - Parameters:
    ///   - visibility: for how many seconds the queue hides what it handed out.
    ///   - receives: how often it hands out a message before it moves it away.
    init(visibility: Int = 30, receives: Int = 3) async throws {
        let emulator = try Emulator.shared.get()
        aws = try AWS.shared.get()
        let name = UUID().uuidString.lowercased()
        deadLetters = try await aws.createQueue("dead-\(name)")
        queue = try await aws.createQueue(
            "queue-\(name)",
            deadLetters: aws.arn(ofQueue: deadLetters),
            visibility: visibility,
            receives: receives
        )
        inbox = try await aws.createQueue("inbox-\(name)")
        topic = try await aws.createTopic("topic-\(name)", inbox: aws.arn(ofQueue: inbox))
        group = try await aws.createGroup()
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("sg-revert-\(name)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        environment = emulator.environment.merging([
            "SG_REVERT_QUEUE_URL": queue,
            "SG_REVERT_TOPIC_ARN": topic,
            "SG_REVERT_LEDGER": folder.appendingPathComponent("ledger.db").path,
            "SG_REVERT_GROUPS": group,
        ]) { given, _ in given }
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    /// The file of the ledger.
    var ledger: String { folder.appendingPathComponent("ledger.db").path }

    // MARK: What happens in AWS

    /// Somebody adds rules to a group: for real, and with the record that CloudTrail would write of it.
    func authorize(_ permissions: Permission..., in group: String? = nil) async throws -> JSON {
        let group = group ?? self.group
        let added = try await aws.authorize(group, permissions)
        return CloudTrailRecord.authorize(group, permissions, added: added)
    }

    /// Hands a record to the queue as EventBridge does; answers with the body.
    @discardableResult
    func send(_ record: JSON) async throws -> String {
        let body = try CloudTrailRecord.envelope(record).encoded
        try await send(body: body)
        return body
    }

    /// Puts any message into the queue.
    func send(body: String, attributes: [String: MessageAttributeValue] = [:], to url: String? = nil) async throws {
        _ = try await aws.sqs.sendMessage(queueURL: url ?? queue, body: body, attributes: attributes)
    }

    /// The ids of the rules in a group's ingress.
    func ingress(_ group: String? = nil) async throws -> Set<String> {
        Set(try await aws.rules(group ?? self.group).filter { !$0.isEgress }.map(\.securityGroupRuleID))
    }

    /// Whether neither the queue nor the dead-letter queue holds a message.
    var isQuiet: Bool {
        get async throws { try await aws.count(queue) + aws.count(deadLetters) == 0 }
    }

    /// The notifications that came, each as SNS wraps it.
    func notifications() async throws -> [JSON] {
        try await aws.drain(inbox).map { try JSON(parsing: $0.body) }
    }

    /// The events of which people were told, or are told with the next summary: at most one message a minute goes out for
    /// a group and outcome.
    func outbox() throws -> [String] {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(10)
        return try DatabaseQueue(path: ledger, configuration: configuration).read {
            try String.fetchAll($0, sql: "SELECT event_id FROM notices WHERE event_id IS NOT NULL ORDER BY event_id")
        }
    }

    // MARK: The program

    /// Flags that make a worker end as soon as it can.
    static let quick = ["--until-empty", "--wait-seconds", "1", "--settle-seconds", "1"]

    /// Runs the worker until the queue is empty, which must succeed.
    func work(_ flags: String...) async throws {
        let result = try await run(["worker"] + Self.quick + flags)
        guard result.exitCode == 0 else {
            throw TooLate(description: "the worker ended with \(result.exitCode): \(result.errors)")
        }
    }

    /// Runs the program to its end.
    func run(_ arguments: [String], environment changes: [String: String] = [:]) async throws -> Program.Result {
        try await start(arguments, environment: changes).end()
    }

    /// Starts the program.
    func start(
        _ arguments: [String],
        environment changes: [String: String] = [:],
        output: FileHandle? = nil
    ) throws -> Program {
        try Program(arguments, environment: environment.merging(changes) { $1 }, in: folder, output: output)
    }

    // MARK: What it recorded

    /// The events in the ledger, by `audit query`.
    func events(_ filters: String...) async throws -> [JSON] {
        let result = try await run(["audit", "query", "--format", "json"] + filters)
        guard result.exitCode == 0 else { throw TooLate(description: result.errors) }
        return try JSON(parsing: result.output).items
    }

    /// The row of the event that `record` tells of.
    func row(of record: JSON) async throws -> JSON {
        let rows = try await events("--event-id", record["eventID"].string ?? "")
        return try rows.first.orThrow("the ledger has one row of the event, and not \(rows.count)")
    }
}
