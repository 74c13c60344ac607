import Formats
import Foundation
import Logging
import Synchronization

/// Makes every call in the same way: sign, send, classify, retry.
struct AWSServiceClient: Sendable {
    /// The state that stays between calls. All copies of a client share it.
    private final class State: Sendable {
        let quota = Mutex(RetryQuota())
        let clockOffset = Mutex<TimeInterval>(0)
        let signingKeys = SigningKeyCache()
    }

    let service: AWSService
    /// The Region for which calls are signed.
    let region: AWSRegion
    let endpoint: HTTPURL
    /// The credentials that sign; nil for calls that need no signature.
    let credentials: CredentialCache?
    let runtime: Runtime
    private let state = State()

    /// Sends `call` until it succeeds, fails for good, or has no attempts or quota left.
    ///
    /// - Returns: A response with a 2xx status.
    func send(_ call: Call) async throws -> HTTPResponse {
        let invocationID = runtime.system.makeID()
        var lastCost: Int?
        var mayRecover = true
        var mayHaveWorked = false
        var attempt = 1
        while true {
            let credentials = try await credentials?.credentials()
            let offset = state.clockOffset.withLock(\.self)
            let request = signed(
                call,
                credentials: credentials,
                at: runtime.system.now() + offset,
                invocationID: invocationID,
                attempt: attempt
            )
            let failure: Failure
            switch try await answer(to: request, call, attempt, mayHaveWorked: mayHaveWorked) {
            case .success(let response):
                state.quota.withLock { $0.succeeded(lastCost: lastCost) }
                return response
            case .failure(let found): failure = found
            }
            if failure.result == .transient { mayHaveWorked = true }

            guard attempt < maximumAttempts, !(call.leavesThrottling && failure.result == .throttled) else {
                throw failure.error
            }
            if mayRecover, recover(from: failure, credentials: credentials, offset: offset) {
                mayRecover = false
            } else {
                lastCost = try await pause(after: failure, attempt: attempt, isLongPoll: call.isLongPoll)
            }
            attempt += 1
            logRetry(of: call, attempt, after: failure)
        }
    }

    private func logRetry(of call: Call, _ attempt: Int, after failure: Failure) {
        runtime.logger.debug(
            "retrying an AWS call",
            metadata: [
                "aws.service": "\(service.rawValue)", "aws.operation": "\(call.operation)",
                "aws.attempt": "\(attempt)", "aws.error": "\(plainText(failure.code, limit: 200))",
            ]
        )
    }

    private var maximumAttempts: Int {
        runtime.maximumAttempts ?? service.defaultAttempts
    }

    /// Makes one attempt and measures it.
    private func answer(
        to request: HTTPRequest,
        _ call: Call,
        _ attempt: Int,
        mayHaveWorked: Bool
    ) async throws(CancellationError) -> Result<HTTPResponse, Failure> {
        let start = runtime.system.uptime()
        func record(_ result: CallMetrics.Result) {
            runtime.metrics.record(service, call.operation, result, took: runtime.system.uptime() - start)
        }
        let failure: Failure
        do throws(HTTPTransportError) {
            let response = try await runtime.transport.send(request, timeout: call.timeout)
            guard !(200..<300).contains(response.status) else {
                record(.success)
                return .success(response)
            }
            failure = self.failure(response, of: call, attempt: attempt, mayFollowEffect: mayHaveWorked)
        } catch .cancelled {
            record(.cancelled)
            throw CancellationError()
        } catch {
            failure = self.failure(error, of: call)
        }
        record(failure.result)
        return .failure(failure)
    }

    // MARK: Failures

    private struct Failure: Error {
        let error: any Error
        let code: String
        let reason: RetryReason?
        let result: CallMetrics.Result
        var headers = HTTPHeaders()
    }

    private func failure(
        _ response: HTTPResponse,
        of call: Call,
        attempt: Int,
        mayFollowEffect: Bool
    ) -> Failure {
        var error = ErrorDecoder.decode(response, service: service.rawValue, operation: call.operation)
        error.resource = call.resource
        if service == .dynamodb { error.body = response.body }
        error.clockLead = ClockSkew.lead(
            code: error.code,
            now: runtime.system.now(),
            serverDate: response.headers["Date"]
        )
        // A repetition by libcurl counts as an attempt, because this response may be to the repetition.
        error.attempt = attempt + max(response.sends - 1, 0)
        error.mayFollowEffect = mayFollowEffect || response.sends > 1
        let (reason, result): (RetryReason?, CallMetrics.Result) =
            error.isThrottling
            ? (.throttling, .throttled)
            : error.isTransient ? (.transient, .transient) : (nil, error.isFailedCondition ? .success : .failed)
        return Failure(error: error, code: error.code, reason: reason, result: result, headers: response.headers)
    }

    private func failure(_ error: HTTPTransportError, of call: Call) -> Failure {
        let isAbandonedPoll = if case .timedOut = error { call.isLongPoll } else { false }
        return Failure(
            error: AWSClientError.transport(service: service.rawValue, operation: call.operation, error),
            code: "transport",
            reason: error.isTransient && !isAbandonedPoll ? .transient : nil,
            result: error.isTransient ? .transient : .failed
        )
    }

    /// Removes the cause of a rejected signature, once for each call: a wrong clock, or expired credentials.
    private func recover(from failure: Failure, credentials: Credentials?, offset: TimeInterval) -> Bool {
        guard let credentials, let cache = self.credentials else { return false }
        let isExpired = ["ExpiredToken", "ExpiredTokenException", "RequestExpired"].contains(failure.code)
        if isExpired { cache.invalidate(credentials) }
        let newOffset = ClockSkew.offsetForRetry(
            code: failure.code,
            offset: offset,
            answeredAt: runtime.system.now(),
            serverDate: failure.headers["Date"]
        )
        if let newOffset { state.clockOffset.withLock { $0 = newOffset } }
        return isExpired || newOffset != nil
    }

    /// Pays for a retry and waits. Throws the failure if it is final or the quota is used up.
    private func pause(after failure: Failure, attempt: Int, isLongPoll: Bool) async throws -> Int {
        guard let reason = failure.reason else { throw failure.error }
        let delay = RetryBackoff.delay(
            reason,
            attempt: attempt,
            random: runtime.system.random(),
            transientBase: service.transientBackoff,
            retryAfter: failure.headers["x-amz-retry-after"]
        )
        guard let cost = state.quota.withLock({ $0.take(reason) }) else {
            if isLongPoll { try await runtime.system.sleep(delay) }
            throw failure.error
        }
        try await runtime.system.sleep(delay)
        return cost
    }

    // MARK: Requests

    private func signed(
        _ call: Call,
        credentials: Credentials?,
        at date: Date,
        invocationID: String,
        attempt: Int
    ) -> HTTPRequest {
        var headers = call.headers
        headers["User-Agent"] = runtime.userAgent
        headers["amz-sdk-invocation-id"] = invocationID
        headers["amz-sdk-request"] = "attempt=\(attempt); max=\(maximumAttempts)"
        var url = endpoint
        if call.path != "/" { url = url.appending(path: call.path, query: call.query) }
        let request = HTTPRequest(method: call.method, url: url, headers: headers, body: call.body)
        guard let credentials else { return request }
        return SigV4Signer(
            credentials: credentials,
            region: region.description,
            service: service.signingName,
            keys: state.signingKeys
        )
        .sign(request, at: date)
    }

    /// The error for a response of success that cannot be read.
    func unreadable(_ operation: String, _ reason: String) -> AWSClientError {
        .unreadableResponse(service: service.rawValue, operation: operation, reason: reason)
    }
}
