import AWSClient
import Foundation
import Logging
import SecurityGroups
import Synchronization
import TestSupport

@testable import Worker

/// EC2, SQS, STS and SNS in memory, behind the seam where HTTP begins, with knobs for what AWS does on bad days.
final class ScriptedAWS: HTTPTransport {
    /// What stands and what is queued, and how AWS behaves.
    struct World {
        /// The rules that stand, by id.
        var rules: [String: LiveRule] = [:]
        /// How many looks do not yet show a rule, by its id.
        var hiddenLooks: [String: Int] = [:]
        /// How many looks still show a rule after its revoke.
        var lingeringLooks = 0
        /// Rules that are gone but still shown, and for how many looks.
        var lingering: [String: (rule: LiveRule, looks: Int)] = [:]
        /// Rules that other people take away between our look and our revoke.
        var takenMeanwhile: [String] = []
        /// Revokes answer "true" and remove nothing.
        var revokesNothing = false
        /// Revokes do not name what they removed.
        var isSilent = false
        /// Answers that come before a call has any effect, by action.
        var refusals: [String: [HTTPResponse]] = [:]
        /// Answers that come in place of the true one, after the call had its effect.
        var lost: [String: [HTTPResponse]] = [:]
        /// The account of our credentials, and who we are in it.
        var account = "111122223333"
        var callerARN = "arn:aws:sts::111122223333:assumed-role/sg-revert/worker"
        /// The tags of the groups that stand, by id; all are in one VPC.
        var groups: [String: [String: String]] = [:]
        /// The account that EC2 says the groups are of; nil where it does not say.
        var owner: String?
        /// Messages by the URL of their queue.
        var queues: [String: [Queued]] = [:]
        var attributes: [String: String] = ["VisibilityTimeout": "30"]
        /// The entries of batches that fail, by action: how many, and whether by the sender's fault.
        var entryFailures: [String: (count: Int, isSenderFault: Bool)] = [:]
        /// The items of each DynamoDB table, by the value of `pk`.
        var tables: [String: [String: DynamoDBItem]] = [:]
        /// Every call: its action.
        var calls: [String] = []
        /// The ids of each revoke.
        var revokes: [[String]] = []
        /// The form of each call that added or changed a rule.
        var amendments: [[String: String]] = []
        var visibilities: [(id: String, seconds: Int)] = []
        /// A response with more messages than this is too large for the client.
        var mostMessages = 10
        /// How many responses were too large.
        var tooLarge = 0
        var published: [[String: String]] = []
        var nextID = 1
    }

    struct Queued {
        let id: String
        var body: String
        var attributes: [String: MessageAttributeValue] = [:]
        var system: [String: String] = [:]
        var receives = 0
        var visibleAt: Date = .distantPast
    }

    let time: VirtualTime
    private let world = Mutex(World())
    /// Called with the action before each call has its effect.
    let before: @Sendable (String) async -> Void
    /// Called with the action after each call had its effect.
    let answered: @Sendable (String) -> Void

    init(
        time: VirtualTime,
        before: @escaping @Sendable (String) async -> Void = { _ in },
        answered: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.time = time
        self.before = before
        self.answered = answered
    }

    func with<Result>(_ body: (inout World) -> sending Result) -> sending Result {
        world.withLock { body(&$0) }
    }

    func count(of action: String) -> Int {
        with { $0.calls.count { $0 == action } }
    }

    func session() throws -> AWSSession {
        try AWSSession(
            environment: ["AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"],
            region: "eu-west-1",
            transport: self,
            logger: .silent,
            system: HostSystem(
                now: { [time] in time.now },
                sleep: { [time] in try await time.sleep($0) },
                random: { 0 },
                makeID: { "invocation" },
                readFile: { _ in nil }
            )
        )
    }

    func send(_ request: HTTPRequest, timeout: Duration) async throws(HTTPTransportError) -> HTTPResponse {
        let sqsAction = request.headers["X-Amz-Target"]?.split(separator: ".").last.map(String.init)
        let form = sqsAction == nil ? QueryForm(request.body).values : [:]
        let action = sqsAction ?? form["Action"] ?? ""
        await before(action)
        if Task.isCancelled { throw .cancelled }
        if action == "ReceiveMessage", isTooLarge(request) { throw .responseTooLarge(host: "sqs", limit: 16 << 20) }
        let now = time.now
        let answer = respond(action, request, form, isSQS: sqsAction != nil, now)
        answered(action)
        // What a long poll is for: nobody asks again at once.
        if action == "ReceiveMessage", answer.body == Array("{}".utf8) { try? await Task.sleep(for: .milliseconds(1)) }
        return answer
    }

    private func isTooLarge(_ request: HTTPRequest) -> Bool {
        with { world in
            guard SQSRequest(request.body)?.maximum ?? 1 > world.mostMessages else { return false }
            world.tooLarge += 1
            return true
        }
    }

    private func respond(
        _ action: String,
        _ request: HTTPRequest,
        _ form: [String: String],
        isSQS: Bool,
        _ now: Date
    ) -> HTTPResponse {
        with { world in
            world.calls.append(action)
            if let refusal = world.refusals[action]?.first {
                world.refusals[action]?.removeFirst()
                return refusal
            }
            let isTable = request.headers["X-Amz-Target"]?.hasPrefix("DynamoDB_") == true
            let answer =
                isTable
                ? world.tables.answer(action, request.body)
                : isSQS ? Self.sqs(action, request.body, now, &world) : Self.query(action, form, &world)
            if let lost = world.lost[action]?.first {
                world.lost[action]?.removeFirst()
                return lost
            }
            return answer
        }
    }
}

extension HTTPResponse {
    /// An error of EC2.
    static func ec2Error(_ code: String, status: Int = 400) -> Self {
        .text(
            "<Response><Errors><Error><Code>\(code)</Code><Message>no</Message></Error></Errors>"
                + "<RequestID>req-error</RequestID></Response>",
            status: status
        )
    }

    /// An error of SQS.
    static func sqsError(_ code: String, status: Int = 400) -> Self {
        .text(#"{"__type":"com.amazonaws.sqs#\#(code)","message":"no"}"#, status: status)
    }

    static func text(_ text: String, status: Int = 200) -> Self {
        HTTPResponse(status: status, body: Array(text.utf8))
    }
}

extension Logger {
    /// A logger that says nothing.
    static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}
