import AWSClient
import Formats
import Foundation
import Ledger
import SecurityGroups
import Synchronization
import Testing

@testable import Worker

@Suite("An outage is no failure of a message")
struct OutagesTests {
    private let time = VirtualTime()

    private func outages(limit: Int? = nil) -> Outages {
        Outages(
            limit: limit,
            backoff: Backoff(base: .seconds(1), cap: .seconds(30)) { 1 },
            clock: time.clock,
            logger: .silent
        )
    }

    /// Fails so many times, and counts.
    private final class Flaky: Sendable {
        private let state: Mutex<(left: Int, calls: Int)>

        init(_ failures: Int) { state = Mutex((failures, 0)) }

        var calls: Int { state.withLock(\.calls) }

        func callAsFunction(_ error: any Error = LedgerError.busy(path: "x")) throws {
            try state.withLock { state in
                state.calls += 1
                if state.left > 0 {
                    state.left -= 1
                    throw error
                }
            }
        }
    }

    @Test("What fails because of an outage is tried until it succeeds, with growing pauses, and receiving pauses too")
    func riding() async throws {
        let outages = outages()
        let flaky = Flaky(8)
        let start = time.now
        var allowances: Set<Int> = []
        try await outages.riding(.ledger) {
            if flaky.calls > 0 { allowances.insert(outages.allowance(of: 10)) }
            try flaky()
        }
        #expect(flaky.calls == 9)
        #expect(time.now.timeIntervalSince(start) == 1 + 2 + 4 + 8 + 16 + 30 + 30 + 30)
        #expect(allowances == [0])
        #expect(outages.allowance(of: 10) == 10)
        #expect(outages.summary == nil)
    }

    @Test("In an outage of EC2, a single message is received at each probe")
    func trickle() async throws {
        let outages = outages()
        let region = try #require(AWSRegion("eu-west-1"))
        let flaky = Flaky(3)
        var allowances: [Int] = []
        try await outages.riding(.ec2(region)) {
            allowances.append(outages.allowance(of: 10))
            try flaky(AWSClientError.noCredentials(tried: "all places"))
        }
        #expect(allowances == [10, 1, 1, 1])
    }

    @Test("One that fails while others get through has a failure of its own")
    func ownFailure() async throws {
        let outages = outages()
        let flaky = Flaky(.max)
        await #expect(throws: LedgerError.self) {
            try await outages.riding(.ledger) {
                if flaky.calls == 2 { outages.end(.ledger) }
                try flaky(LedgerError.damaged(path: "x", detail: "a row"))
            }
        }
        #expect(flaky.calls == 3, "the third try failed after somebody had got through")
    }

    @Test("On a full disk, a write waits for room even while smaller ones find some")
    func fullDisk() async throws {
        let outages = outages()
        let flaky = Flaky(5)
        try await outages.riding(.ledger) {
            outages.end(.ledger)
            try flaky()
        }
        #expect(flaky.calls == 6)
    }

    @Test("A worker that is to end by itself gives up after a few probes, with the cause")
    func limit() async throws {
        let outages = outages(limit: 3)
        let flaky = Flaky(.max)
        let error = await #expect(throws: OutageLasted.self) { try await outages.riding(.queue) { try flaky() } }
        #expect(flaky.calls == 4)
        #expect("\(try #require(error))" == "\(LedgerError.busy(path: "x"))")
    }

    @Test(
        "What everybody meets is an outage, what one request meets is not",
        arguments: [
            ("UnauthorizedOperation", 403, true), ("AuthFailure", 401, true), ("RequestLimitExceeded", 503, true),
            ("InternalError", 500, true), ("AccessDeniedException", 400, true), ("QueueDoesNotExist", 400, true),
            ("KmsDisabledException", 400, true), ("InvalidClientTokenId", 403, true),
            ("InvalidParameterValue", 400, false), ("InvalidGroup.NotFound", 400, false),
        ]
    )
    func classes(code: String, status: Int, isOutage: Bool) {
        let error = AWSServiceError(service: "ec2", operation: "x", code: code, statusCode: status)
        #expect(Outages.isOutage(error) == isOutage)
    }

    @Test("A lost claim, a cancellation and a wrong setting are no outages; nobody there is one")
    func otherClasses() {
        #expect(!Outages.isOutage(LedgerError.claimLost(eventID: "e", fence: 1)))
        #expect(!Outages.isOutage(CancellationError()))
        #expect(!Outages.isOutage(AWSClientError.missingRegion))
        let nobody = AWSClientError.transport(service: "ec2", operation: "x", .timedOut(host: "h", after: .seconds(1)))
        #expect(Outages.isOutage(nobody))
    }

    @Test("A run goes through an outage of EC2, and knows as its doing what it revoked when every answer was lost")
    func run() async throws {
        var revert = try Revert(standing: [1, 2])
        revert.outages = Outages(
            limit: nil,
            backoff: Backoff(base: .seconds(1), cap: .seconds(30)) { 1 },
            clock: revert.time.clock,
            logger: .silent
        )
        let trouble = HTTPResponse.ec2Error("InternalError", status: 500)
        revert.aws.with {
            $0.refusals["DescribeSecurityGroupRules"] = Array(repeating: trouble, count: 30)
            $0.lost["RevokeSecurityGroupIngress"] = Array(repeating: trouble, count: 3)
        }
        let result = try await revert([1, 2], age: 60)
        #expect(result.outcome == .reverted)
        #expect(result.rules.map(\.outcome) == [.reverted, .reverted])
        #expect(revert.aws.with { $0.rules.isEmpty })
    }
}
