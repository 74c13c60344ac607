import AWSClient
import Foundation
import Ledger
import Synchronization
import TestSupport
import Testing

@testable import Worker

@Suite struct CallLogTests {
    /// A clock that goes on by 40 milliseconds each time that it is asked.
    private static func clock() -> WorkerClock {
        let start = ContinuousClock.now
        let time = Mutex(start)
        return WorkerClock(
            now: { Date(timeIntervalSince1970: 1000) },
            instant: {
                time.withLock { time in
                    defer { time += .milliseconds(40) }
                    return time
                }
            },
            sleep: { _ in }
        )
    }

    @Test func `a call is kept with its time and each of its request ids once`() {
        var log = CallLog(clock: Self.clock())
        log.end(log.begin("DescribeSecurityGroupRules"), requestIDs: ["r1", "r2", "r1"])
        #expect(
            log.calls == [
                APICall(
                    action: "DescribeSecurityGroupRules",
                    startedAt: Date(timeIntervalSince1970: 1000),
                    milliseconds: 40,
                    requestIDs: ["r1", "r2"]
                )
            ]
        )
    }

    @Test func `a call that failed is kept too`() {
        let error = AWSServiceError(
            service: "ec2",
            operation: "RevokeSecurityGroupIngress",
            code: "UnauthorizedOperation",
            statusCode: 403,
            requestID: "r9"
        )
        var log = CallLog(clock: Self.clock())
        log.end(log.begin("RevokeSecurityGroupIngress"), error: error)
        #expect(log.calls.map(\.requestIDs) == [["r9"]] && log.calls.first?.error == "\(error)")
    }
}
