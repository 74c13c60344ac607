import Foundation
import Logging
import MetricsTestKit
import Synchronization
import Testing

@testable import AWSClient

/// Which calls are tried again, what a retry costs, and what the caller learns in the end.
@Suite struct CallRetryTests {
    private static func error(_ code: String) -> String {
        "<Response><Errors><Error><Code>\(code)</Code></Error></Errors></Response>"
    }

    private static let groups = ScriptedTransport.Answer.answer(200, "<R><securityGroupInfo/></R>")
    private static let throttled = ScriptedTransport.Answer.answer(503, error("RequestLimitExceeded"))

    private func ec2(
        _ answers: [ScriptedTransport.Answer],
        system: TestSystem = TestSystem()
    ) throws -> (EC2Client, ScriptedTransport) {
        let transport = ScriptedTransport(answers)
        let region = try #require(AWSRegion("eu-west-1"))
        return (try AWSSession.scripted(transport, system: system).ec2(region: region), transport)
    }

    /// A session on any machine, for tests that replace more of it than `TestSystem` does.
    private func session(
        _ transport: ScriptedTransport,
        _ machine: HostSystem,
        _ environment: [String: String] = ["AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "S"],
        metrics: TestMetrics = TestMetrics()
    ) throws -> AWSSession {
        try AWSSession(
            environment: environment.merging(["AWS_REGION": "eu-west-1"]) { $1 },
            transport: transport,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            metrics: metrics,
            system: machine
        )
    }

    @Test func `leaves a throttled revoke to its caller, who knows the quota, and retries other throttled calls`()
        async throws
    {
        let system = TestSystem()
        let (client, transport) = try ec2([Self.throttled, Self.throttled, Self.groups], system: system)
        let error = await #expect(throws: AWSServiceError.self) {
            try await client.revokeSecurityGroupIngress(groupID: "sg-1", securityGroupRuleIDs: ["sgr-1"])
        }
        #expect(error?.isThrottling == true)
        #expect(transport.requests.count == 1)
        #expect(system.slept.isEmpty)

        _ = try await client.describeSecurityGroups(filters: [])
        #expect(transport.requests.count == 3)
        #expect(system.slept == [.seconds(1)])
    }

    @Test func `retries a revoke that failed on EC2's side, and says which request was answered`() async throws {
        let (client, transport) = try ec2([.answer(500), .answer(400, Self.error("InvalidPermission.NotFound"))])
        let error = await #expect(throws: AWSServiceError.self) {
            try await client.revokeSecurityGroupEgress(groupID: "sg-1", securityGroupRuleIDs: ["sgr-1"])
        }
        // The first request may have removed the rule, so "not found" proves nothing against that.
        #expect(error?.attempt == 2 && error?.mayFollowEffect == true)
        #expect(transport.requests.count == 2)
    }

    @Test func `counts a request that the transport repeated as an attempt of its own`() async throws {
        var response = HTTPResponse(status: 400, body: Array(Self.error("InvalidPermission.NotFound").utf8))
        response.sends = 2
        let (client, _) = try ec2([.answer(500), .success(response)])
        let error = await #expect(throws: AWSServiceError.self) {
            try await client.revokeSecurityGroupIngress(groupID: "sg-1", securityGroupRuleIDs: ["sgr-1"])
        }
        #expect(error?.attempt == 3 && error?.mayFollowEffect == true)
    }

    @Test func `a request that was throttled had no effect that the next one could meet`() async throws {
        let answers = [Self.throttled, .answer(400, Self.error("InvalidPermission.Duplicate"))]
        let (client, transport) = try ec2(answers, system: TestSystem())
        let error = await #expect(throws: AWSServiceError.self) {
            try await client.describeSecurityGroups(filters: [])
        }
        #expect(error?.attempt == 2 && error?.mayFollowEffect == false)
        #expect(transport.requests.count == 2)
    }

    @Test func `signs the next attempt with the time after the pause`() async throws {
        let system = TestSystem()
        var machine = system.system
        machine.sleep = { _ in system.advance(by: 90) }
        let transport = ScriptedTransport([.answer(500), Self.groups])
        let client = try session(transport, machine).ec2(region: #require(AWSRegion("eu-west-1")))
        _ = try await client.describeSecurityGroups(filters: [])
        #expect(transport.requests.map { $0.headers["X-Amz-Date"] } == ["20270115T080000Z", "20270115T080130Z"])
    }

    @Test func `waits for as long as the service asks`() async throws {
        let system = TestSystem()
        let (client, _) = try ec2([.answer(500, "", ["x-amz-retry-after": "1500"]), Self.groups], system: system)
        _ = try await client.describeSecurityGroups(filters: [])
        #expect(system.slept == [.seconds(1.5)])
    }

    @Test func `gives DynamoDB, whose calls are short, one attempt more, shorter pauses and half the time`()
        async throws
    {
        let (transport, system) = (ScriptedTransport(Array(repeating: .answer(500), count: 9)), TestSystem())
        let client = try AWSSession.scripted(transport, system: system).dynamodb()
        await #expect(throws: AWSServiceError.self) { try await client.getItem(table: "t", key: [:]) }
        #expect(system.slept == [.seconds(0.025), .seconds(0.05), .seconds(0.1)])
        #expect(transport.timeouts == Array(repeating: .seconds(5), count: 4))

        let (ec2, others) = try ec2([Self.groups])
        _ = try await ec2.describeSecurityGroups(filters: [])
        #expect(others.timeouts == [.seconds(10)])
    }

    @Test func `spends one quota for all copies of a client, and none of another client's`() async throws {
        let transport = ScriptedTransport(Array(repeating: .answer(500), count: 200))
        let session = try AWSSession.scripted(transport)
        func requests(_ client: STSClient) async -> Int {
            let before = transport.requests.count
            await #expect(throws: AWSServiceError.self) { try await client.getCallerIdentity() }
            return transport.requests.count - before
        }
        let client = try session.sts()
        for _ in 0..<18 { _ = await requests(client) }
        let copy = client
        #expect(await requests(copy) == 1)
        let other = try session.sts()
        #expect(await requests(other) == 3)
    }

    @Test func `ends with its task while it pauses`() async throws {
        var machine = TestSystem().system
        machine.sleep = { _ in throw CancellationError() }
        let transport = ScriptedTransport([.answer(500), Self.groups])
        let client = try session(transport, machine).ec2(region: #require(AWSRegion("eu-west-1")))
        await #expect(throws: CancellationError.self) { try await client.describeSecurityGroups(filters: []) }
        #expect(transport.requests.count == 1)
    }

    @Test func `corrects its clock once for a call, without a pause, and then names the difference`() async throws {
        let skewed = ScriptedTransport.Answer.answer(
            401,
            Self.error("AuthFailure"),
            ["Date": "Fri, 15 Jan 2027 09:00:00 GMT"]
        )
        let system = TestSystem()
        let (client, transport) = try ec2([skewed, skewed, Self.groups], system: system)
        let error = await #expect(throws: AWSServiceError.self) { try await client.describeSecurityGroups(filters: []) }
        #expect(transport.requests.count == 2)
        #expect(system.slept.isEmpty)
        #expect(error?.clockLead == -3600)
        #expect(error?.description.contains("this machine's clock is 3600 s behind AWS's: set it") == true)
    }

    @Test func `signs with new credentials when AWS calls the old ones expired, without a pause`() async throws {
        let count = Mutex(0)
        let system = TestSystem(
            files: ["/config": "[default]\ncredential_process = keys"],
            shell: { _ in
                let number = count.withLock { count in
                    count += 1
                    return count
                }
                return .init(
                    status: 0,
                    output: Array(#"{"Version":1,"AccessKeyId":"A\#(number)","SecretAccessKey":"S"}"#.utf8)
                )
            }
        )
        let transport = ScriptedTransport([.answer(400, Self.error("RequestExpired")), Self.groups])
        let session = try session(transport, system.system, ["AWS_CONFIG_FILE": "/config"])
        _ = try await session.ec2(region: #require(AWSRegion("eu-west-1"))).describeSecurityGroups(filters: [])
        let keys = transport.requests.map { $0.headers["Authorization"]?.contains("Credential=A1/") }
        #expect(keys == [true, false])
        #expect(system.slept.isEmpty)
    }

    @Test func `has nothing to renew for a call that needs no signature`() async throws {
        let transport = ScriptedTransport([.answer(400, Self.error("ExpiredTokenException")), .answer(200)])
        let machine = TestSystem(files: ["/token": "t"]).system
        let session = try session(transport, machine, ["AWS_WEB_IDENTITY_TOKEN_FILE": "/token", "AWS_ROLE_ARN": "arn"])
        let error = await #expect(throws: AWSServiceError.self) { try await session.credentials }
        #expect(error?.code == "ExpiredTokenException")
        #expect(transport.requests.count == 1)
    }

    @Test func `measures an attempt by the clock that nobody can set`() async throws {
        let ticks = Mutex(0)
        var machine = TestSystem().system
        machine.uptime = {
            ticks.withLock { ticks in
                ticks += 1
                return .milliseconds(250 * ticks)
            }
        }
        let metrics = TestMetrics()
        let session = try session(ScriptedTransport([Self.groups]), machine, metrics: metrics)
        _ = try await session.ec2(region: #require(AWSRegion("eu-west-1"))).describeSecurityGroups(filters: [])
        let labels = [("service", "ec2"), ("action", "DescribeSecurityGroups")]
        #expect(try metrics.expectTimer("sg_revert_api_seconds", labels).values == [250_000_000])
    }
}
