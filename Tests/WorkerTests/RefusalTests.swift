import AWSClient
import Foundation
import Ledger
import SecurityGroups
import TestSupport
import Testing

@testable import Worker

/// What a run makes of each refusal of each call that a revert takes.
@Suite struct RefusalTests {
    /// The calls of a revert, in their order.
    private static let actions = ["DescribeSecurityGroupRules", "RevokeSecurityGroupIngress"]

    /// EC2's codes for a call that it refuses, with their statuses. The last three are tried again within the call.
    private static let refusals: [(code: String, status: Int)] = [
        ("UnauthorizedOperation", 403), ("InvalidParameterValue", 400), ("MissingParameter", 400),
        ("OptInRequired", 403),
        ("UnsupportedOperation", 400), ("ACodeThatNobodyKnows", 400), ("InternalError", 500), ("Unavailable", 503),
        ("InternalFailure", 500),
    ]

    @Test(arguments: actions, refusals)
    func `a refusal fails the run with EC2's code and words, takes nothing away, and the next run reverts`(
        _ action: String,
        _ refusal: (code: String, status: Int)
    ) async throws {
        let revert = try Revert(standing: [1, 2])
        let answer = HTTPResponse.ec2Error(refusal.code, status: refusal.status)
        revert.aws.with { $0.refusals[action] = Array(repeating: answer, count: 9) }
        let failed = try await revert([1, 2], age: 60)
        #expect(failed.outcome == .failed && failed.errorCode == refusal.code)
        let message = try #require(failed.errorMessage)
        #expect(message.contains(refusal.code) && !message.contains("\n"))
        #expect(revert.aws.with { $0.rules.count } == 2 && failed.ownRequestIDs.isEmpty)
        let call = try #require(failed.calls.last { $0.action == action })
        #expect(call.error?.contains(refusal.code) == true && call.requestIDs == ["req-error"])

        revert.aws.with { $0.refusals = [:] }
        let result = try await revert([1, 2], age: 60)
        #expect(result.outcome == .reverted && result.errorCode == nil)
        #expect(revert.aws.with { $0.rules.isEmpty })
    }

    @Test func `no rule is revoked that could not be looked at`() async throws {
        let revert = try Revert(standing: [1])
        let refusal = HTTPResponse.ec2Error("UnauthorizedOperation", status: 403)
        revert.aws.with { $0.refusals["DescribeSecurityGroupRules"] = [refusal] }
        _ = try await revert([1], age: 60)
        #expect(revert.aws.with { $0.revokes.isEmpty })
    }

    @Test(arguments: actions)
    func `a call that a retry saves leaves no trace of an error in the outcome`(_ action: String) async throws {
        let revert = try Revert(standing: [1])
        revert.aws.with { $0.refusals[action] = [.ec2Error("InternalError", status: 500)] }
        let result = try await revert([1], age: 60)
        #expect(result.outcome == .reverted && result.errorCode == nil && result.errorMessage == nil)
        #expect(result.calls.allSatisfy { $0.error == nil })
    }

    @Test func `a dry run sends no call that changes anything, whatever stands`() async throws {
        var revert = try Revert(standing: [1, 2])
        revert.isDryRun = true
        let result = try await revert([1, 2], age: 60)
        #expect(result.outcome == .reported && result.isDryRun)
        #expect(result.rules.map(\.outcome) == [.reported, .reported])
        #expect(revert.aws.with { $0.revokes.isEmpty && $0.rules.count == 2 })
        #expect(result.ownRequestIDs.isEmpty && result.rules.allSatisfy { $0.undo == nil })
    }

    @Test func `what a run was to revert is kept before the call, and only then is it sent`() async throws {
        let revert = try Revert(standing: [1])
        struct Lost: Error {}
        let result = try await revert([1], age: 60, intend: { _ in throw Lost() })
        #expect(result.outcome == .failed)
        #expect(revert.aws.with { $0.revokes.isEmpty && $0.rules.count == 1 })
    }
}
