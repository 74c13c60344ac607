import Foundation
import Testing

@testable import AWSClient

@Suite struct RetryTests {
    @Test(arguments: [
        (RetryReason.transient, [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 20, 20]),
        (.throttling, [1, 2, 4, 8, 16, 20]),
    ]
    )
    func `doubles the bound of the wait up to 20 s`(reason: RetryReason, delays: [Double]) {
        for (index, delay) in delays.enumerated() {
            #expect(RetryBackoff.delay(reason, attempt: index + 1, random: 1) == .seconds(delay))
            #expect(RetryBackoff.delay(reason, attempt: index + 1, random: 0.5) == .seconds(delay / 2))
            #expect(RetryBackoff.delay(reason, attempt: index + 1, random: 0) == .zero)
        }
        #expect(RetryBackoff.delay(reason, attempt: .max, random: 1) == .seconds(20))
    }

    @Test(arguments: [("1500", 1.5), ("0", 0.05), ("10000", 5.05), ("invalid", 0.05), ("-100", 0.05), ("", 0.05)]
    )
    func `waits as long as the service asks, but at most 5 s more`(header: String, delay: Double) {
        #expect(RetryBackoff.delay(.transient, attempt: 1, random: 1, retryAfter: header) == .seconds(delay))
    }

    @Test func `takes more for a retry than for a throttled one, and nothing where too little is left`() {
        var quota = RetryQuota()
        #expect(quota.take(.transient) == 14)
        #expect(quota.take(.throttling) == 5)
        #expect(quota.available == 481)
        quota = RetryQuota(available: 13)
        #expect(quota.take(.transient) == nil)
        #expect(quota.available == 13)
    }

    @Test func `returns the last cost, or one where nothing was retried, up to the capacity`() {
        var quota = RetryQuota(available: 486)
        quota.succeeded(lastCost: nil)
        #expect(quota.available == 487)
        quota.succeeded(lastCost: 14)
        #expect(quota.available == 500)
    }

    @Test(.enabled(if: Conformance.isAvailable, "SG_REVERT_CONFORMANCE_DIR is unset"))
    func `keeps to the SDKs' vectors`() throws {
        let vectors = try Conformance.json("retry-standard/vectors.json")
        func entries(_ key: String) throws -> [[String: Any]] { try #require(vectors[key] as? [[String: Any]]) }

        for entry in try entries("backoff_v2_1") {
            let service = try #require(AWSService(rawValue: entry["service"] as? String ?? "sqs"))
            for (index, delay) in try #require(entry["delays_s"] as? [Double]).enumerated() {
                let found = RetryBackoff.delay(
                    reason(entry),
                    attempt: index + 1,
                    random: 1,
                    transientBase: service.transientBackoff
                )
                #expect(found == .seconds(delay))
            }
        }
        let numbers = try #require((vectors["constants"] as? [String: [String: Any]])?["v2_1"])
        #expect(AWSService.ec2.defaultAttempts == numbers["max_attempts"] as? Int)
        #expect(AWSService.dynamodb.defaultAttempts == numbers["max_attempts_dynamodb"] as? Int)
        for entry in try entries("retry_after_v2_1") {
            let delay = RetryBackoff.delay(
                reason(entry),
                attempt: entry["attempt"] as? Int ?? 0,
                random: 1,
                retryAfter: entry["header"] as? String
            )
            #expect(delay == .seconds(entry["delay_s"] as? Double ?? -1))
        }
        for entry in try entries("quota_v2_1") {
            var quota = RetryQuota(available: try #require(entry["start"] as? Int))
            var lastCost: Int?
            for step in try #require(entry["steps"] as? [[String: Any]]) {
                switch step["event"] as? String {
                case "retry":
                    lastCost = quota.take(reason(step))
                    #expect((lastCost != nil) == step["allowed"] as? Bool)
                case "success_after_retry": quota.succeeded(lastCost: lastCost)
                case "success_no_retry": quota.succeeded(lastCost: nil)
                case "final_failure": break
                case let other: Issue.record("unknown event \(other ?? "")")
                }
                #expect(quota.available == step["after"] as? Int, "\(entry["name"] ?? "")")
            }
        }
        let classification = try #require(vectors["classification"] as? [String: Any])
        for code in try #require(classification["throttling_error_codes"] as? [String]) {
            #expect(AWSServiceError(service: "ec2", operation: "X", code: code, statusCode: 400).isThrottling)
        }
        for code in try #require(classification["transient_error_codes"] as? [String]) {
            let error = AWSServiceError(service: "ec2", operation: "X", code: code, statusCode: 400)
            #expect(error.isTransient || error.isThrottling)
        }
        for status in try #require(classification["transient_http_status"] as? [Int]) {
            #expect(AWSServiceError(service: "ec2", operation: "X", code: "Y", statusCode: status).isTransient)
        }
    }

    private func reason(_ entry: [String: Any]) -> RetryReason {
        entry["kind"] as? String == "throttling" ? .throttling : .transient
    }

    @Test(arguments: [
        ("RequestTimeTooSkewed", 0.0, 3600.0, 3600.0), ("AuthFailure", 0, -3600, -3600),
        ("AuthFailure", 0, 299, nil), ("RequestTimeTooSkewed", 0, 10, 0), ("AccessDenied", 0, 3600, nil),
        ("SignatureDoesNotMatch", 3600, 3630, nil),
        ("SignatureDoesNotMatch", 3600, 0, 0),
    ]
    )
    func `corrects the clock only for a rejected signature and only by what is no noise`(
        code: String,
        offset: Double,
        skew: Double,
        expected: Double?
    ) {
        // 2027-01-15T08:00:00Z
        let server = "Fri, 15 Jan 2027 08:00:00 GMT"
        let answeredAt = TestSystem.start - skew
        #expect(
            ClockSkew.offsetForRetry(code: code, offset: offset, answeredAt: answeredAt, serverDate: server) == expected
        )
        #expect(ClockSkew.offsetForRetry(code: code, offset: offset, answeredAt: answeredAt, serverDate: "soon") == nil)
    }
}
