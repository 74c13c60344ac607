package import AWSClient
package import SecurityGroups
import Synchronization
import TestSupport

/// SQS, EC2, SNS and STS of one account in memory, behind the seam where HTTP begins: eventually consistent, throttled, out of
/// order now and then, all by the seed and on virtual time.
package final class SimulatedAWS: Sendable {
    /// Something that the guard did to a rule.
    package struct Touch: Sendable {
        /// The rule before.
        package let rule: LiveRule
        /// Who had made it so.
        package let origin: SimulatedRules.Origin
        package let at: Duration
    }

    /// Something that the guard added, or changed to this.
    package struct Opening: Sendable {
        package let rule: LiveRule
        package let at: Duration
    }

    /// What happens in the account, for the checks at the end.
    package struct World: Sendable {
        package var rules = SimulatedRules()
        package var queue: SimulatedQueue
        package var deadLetters = SimulatedQueue()
        /// The table that several machines share.
        var tables: DynamoDBTables = [tableName: [:]]
        package var script = SimulatedScript()
        package var published: [[String: String]] = []
        /// Rules that the guard removed or changed.
        package var touched: [Touch] = []
        /// Rules that the guard added or changed to this content.
        package var opened: [Opening] = []
        package var calls = 0
        package var trace: SimulatedTrace
        var generator: SeededGenerator
        var buckets: [String: (tokens: Double, at: Duration)] = [:]
        var nextRequest = 1

        mutating func requestID() -> String {
            defer { nextRequest += 1 }
            return "req-\(nextRequest)"
        }
    }

    package static let queueURL = "https://sqs.eu-west-1.amazonaws.com/111122223333/changes"
    package static let deadLetterURL = "https://sqs.eu-west-1.amazonaws.com/111122223333/dead-letters"
    package static let tableName = "claims"
    package static let topicARN = "arn:aws:sns:eu-west-1:111122223333:sg-revert"
    /// The issuer ARN of the role that the guard runs as.
    package static let ownRole = "arn:aws:iam::111122223333:role/sg-revert"

    package let machine: SimulatedMachine
    let weather: SimulatedWeather
    private let world: Mutex<World>

    package init(
        machine: SimulatedMachine,
        seed: UInt64,
        weather: SimulatedWeather,
        maxReceiveCount: Int = 10,
        trace: SimulatedTrace = SimulatedTrace()
    ) {
        self.machine = machine
        self.weather = weather
        world = Mutex(
            World(
                queue: SimulatedQueue(maxReceiveCount: maxReceiveCount),
                trace: trace,
                generator: SeededGenerator(seed: seed)
            )
        )
    }

    package func with<Result>(_ body: (inout World) -> sending Result) -> sending Result {
        world.withLock { body(&$0) }
    }

    /// Answers a request: half of the latency, then the effect, then the other half.
    func answer(_ request: HTTPRequest, of process: String) async throws(HTTPTransportError) -> HTTPResponse {
        let call = SimulatedCall(request)
        let half = with { $0.generator.duration(2...15) }
        try await sleep(half)
        if let outage = weather.outages.first(where: { $0.covers(call, at: machine.elapsed) }) {
            note("\(process) \(call.action) meets an outage")
            guard let code = outage.code else { throw .connectionFailed(host: call.service, reason: "nobody answers") }
            return call.service == "dynamodb" ? .dynamoDBError(code) : .failure(code, status: 401)
        }
        let fate = with { world in
            world.calls += 1
            return Int.random(in: 0..<100, using: &world.generator)
        }
        if fate < weather.errors {
            note("\(process) \(call.action) fails")
            return call.service == "dynamodb"
                ? .dynamoDBError("InternalServerError", status: 500) : .failure("ServiceUnavailable", status: 503)
        }
        let answer = try await respond(to: call, request, of: process)
        try await sleep(half)
        if fate < weather.errors + weather.lostAnswers {
            note("\(process) \(call.action) loses its answer")
            throw .connectionFailed(host: call.service, reason: "the answer is lost")
        }
        return answer
    }

    private func respond(
        to call: SimulatedCall,
        _ request: HTTPRequest,
        of process: String
    ) async throws(HTTPTransportError) -> HTTPResponse {
        let answer: HTTPResponse
        if call.action == "ReceiveMessage" {
            answer = try await receive(call)
        } else {
            let now = machine.elapsed
            answer = with { world in
                switch call.service {
                case "sqs": Self.sqs(call, &world, now)
                case "ec2": Self.ec2(call, &world, now, weather)
                case "sns": Self.publish(call, &world)
                case "dynamodb": world.tables.answer(call.action, request.body)
                default: .identity(Self.ownRole)
                }
            }
        }
        note("\(process) \(call.action) \(call.summary) -> \(answer.status) \(answer.summary)")
        return answer
    }

    /// A long poll: waits until a message is visible or the wait is over.
    private func receive(_ call: SimulatedCall) async throws(HTTPTransportError) -> HTTPResponse {
        let end = machine.elapsed + .seconds(call.json.wait ?? 0)
        while true {
            let now = machine.elapsed
            let entries = with { world in
                world.queue.receive(
                    call.json.maximum ?? 1,
                    visibility: .seconds(call.json.visibility ?? 30),
                    now: now,
                    duplicates: weather.duplicates,
                    using: &world.generator
                )
            }
            guard entries.isEmpty, now < end else {
                for entry in entries { note("\(entry.receiptHandle) is \(entry.messageID), receive \(entry.receives)") }
                return .received(entries)
            }
            let next = with { $0.queue.nextVisible } ?? end
            // Callers may put messages into the queue meanwhile.
            try await sleep(min(max(next - now, .milliseconds(100)), end - now, .seconds(2)))
        }
    }

    /// Puts a line into the trace.
    package func note(_ text: @autoclosure () -> String) {
        let now = machine.elapsed
        with { $0.trace.note(text(), at: now) }
    }

    private func sleep(_ duration: Duration) async throws(HTTPTransportError) {
        do { try await machine.sleep(duration) } catch { throw .cancelled }
    }
}

/// The way of one simulated process to AWS.
package struct SimulatedConnection: HTTPTransport {
    let aws: SimulatedAWS
    let process: String
    let fault: SimulatedFault?

    package func send(_ request: HTTPRequest, timeout: Duration) async throws(HTTPTransportError) -> HTTPResponse {
        if let fault, let answer = aws.spoil(request, by: fault) { return answer }
        let answer = try await aws.answer(request, of: process)
        if fault == .deletesEarly { aws.deleteReceived(request) }
        return answer
    }
}

extension SimulatedCall {
    /// The parameters that tell two calls apart, for the trace.
    fileprivate var summary: String {
        let ids = list("SecurityGroupRuleId") + list("Filter.1.Value")
        let rule = [form["SecurityGroupRule.1.SecurityGroupRuleId"], form["GroupId"]].compactMap(\.self)
        let entries = (json.entries ?? []).map { "\($0.receiptHandle ?? "")\($0.visibility.map { ":\($0)" } ?? "")" }
        return (rule + ids + entries).joined(separator: " ")
    }
}

extension HTTPResponse {
    /// A few words of the answer, for the trace.
    fileprivate var summary: String {
        String(decoding: body.prefix(status == 200 ? 0 : 80), as: UTF8.self)
    }
}
