import Foundation
import Logging
import Synchronization

/// The one way of every call: sign, send, classify, retry.
struct AWSServiceClient: Sendable {
    /// What the clients of a session have in common.
    struct Runtime: Sendable {
        let transport: any HTTPTransport
        let system: HostSystem
        let maximumAttempts: Int
        let userAgent: String
        let logger: Logger
    }

    /// One call, whatever its protocol.
    struct Call: Sendable {
        let operation: String
        var headers: HTTPHeaders
        let body: [UInt8]
        var timeout: Duration = .seconds(10)
        /// A long poll that timed out is given up at once, so that the poller sees it within the bound it knows; and
        /// one that may not be retried pauses all the same, so that the poller's own loop does not spin.
        var isLongPoll = false

        /// Whether a repetition does the same and gets the same answer. Else it must be one of our own attempts, which are
        /// counted: the second revoke finds nothing, the second send is a second message.
        var isSilentlyRepeatable: Bool {
            !["RevokeSecurityGroupIngress", "RevokeSecurityGroupEgress", "SendMessage", "Publish"].contains(operation)
        }
    }

    /// What survives from call to call: shared by all copies of a client.
    private final class State: Sendable {
        let quota = Mutex(RetryQuota())
        let clockOffset = Mutex<TimeInterval>(0)
    }

    let service: AWSService
    let region: AWSRegion
    let endpoint: HTTPURL
    let credentials: CredentialCache
    let runtime: Runtime
    private let state = State()

    /// Sends `call` until it succeeds, fails for good, or attempts or quota run out.
    ///
    /// - Returns: an answer with a 2xx status.
    func send(_ call: Call) async throws -> HTTPResponse {
        let invocationID = runtime.system.makeID()
        var lastCost: Int?
        var mayRecover = true
        var attempt = 1
        while true {
            let credentials = try await credentials.credentials()
            let offset = state.clockOffset.withLock(\.self)
            let request = signed(
                call,
                credentials: credentials,
                at: runtime.system.now() + offset,
                invocationID: invocationID,
                attempt: attempt
            )
            let failure: Failure
            do throws(HTTPTransportError) {
                let response = try await runtime.transport.send(request, timeout: call.timeout)
                if (200..<300).contains(response.status) {
                    state.quota.withLock { $0.succeeded(lastCost: lastCost) }
                    return response
                }
                failure = self.failure(response, of: call, attempt: attempt)
            } catch .cancelled {
                throw CancellationError()
            } catch {
                failure = self.failure(error, of: call)
            }

            guard attempt < runtime.maximumAttempts else { throw failure.error }
            if mayRecover, await recover(from: failure, credentials: credentials, offset: offset) {
                mayRecover = false
            } else {
                lastCost = try await pause(after: failure, attempt: attempt, isLongPoll: call.isLongPoll)
            }
            attempt += 1
            runtime.logger.debug(
                "retrying an AWS call",
                metadata: [
                    "aws.service": "\(service.rawValue)", "aws.operation": "\(call.operation)",
                    "aws.attempt": "\(attempt)", "aws.error": "\(printable(failure.code))",
                ]
            )
        }
    }

    // MARK: Failures

    private struct Failure {
        let error: any Error
        let code: String
        let reason: RetryReason?
        var headers = HTTPHeaders()
    }

    private func failure(_ response: HTTPResponse, of call: Call, attempt: Int) -> Failure {
        var error = ErrorDecoder.decode(response, service: service.rawValue, operation: call.operation)
        error.attempt = attempt
        let reason: RetryReason? = error.isThrottling ? .throttling : error.isTransient ? .transient : nil
        return Failure(error: error, code: error.code, reason: reason, headers: response.headers)
    }

    private func failure(_ error: HTTPTransportError, of call: Call) -> Failure {
        let isAbandonedPoll = if case .timedOut = error { call.isLongPoll } else { false }
        return Failure(
            error: AWSClientError.transport(service: service.rawValue, operation: call.operation, error),
            code: "transport",
            reason: error.isTransient && !isAbandonedPoll ? .transient : nil
        )
    }

    /// Removes the cause of a rejected signature, once for each call: a wrong clock, credentials that have expired.
    private func recover(from failure: Failure, credentials: Credentials, offset: TimeInterval) async -> Bool {
        let isExpired = ["ExpiredToken", "ExpiredTokenException", "RequestExpired"].contains(failure.code)
        if isExpired { await self.credentials.invalidate(credentials) }
        let newOffset = ClockSkew.offsetForRetry(
            code: failure.code,
            offset: offset,
            answeredAt: runtime.system.now(),
            serverDate: failure.headers["Date"]
        )
        if let newOffset { state.clockOffset.withLock { $0 = newOffset } }
        return isExpired || newOffset != nil
    }

    /// Pays for a retry and waits, or throws the failure if it is final or the quota is used up.
    private func pause(after failure: Failure, attempt: Int, isLongPoll: Bool) async throws -> Int {
        guard let reason = failure.reason else { throw failure.error }
        let delay = RetryBackoff.delay(
            reason,
            attempt: attempt,
            random: runtime.system.random(),
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
        credentials: Credentials,
        at date: Date,
        invocationID: String,
        attempt: Int
    ) -> HTTPRequest {
        var headers = call.headers
        headers["User-Agent"] = runtime.userAgent
        headers["amz-sdk-invocation-id"] = invocationID
        headers["amz-sdk-request"] = "attempt=\(attempt); max=\(runtime.maximumAttempts)"
        var request = HTTPRequest(method: "POST", url: endpoint, headers: headers, body: call.body)
        request.isSilentlyRepeatable = call.isSilentlyRepeatable
        return SigV4Signer(credentials: credentials, region: region.description, service: service.rawValue)
            .sign(request, at: date)
    }

    /// For an answer that says "done" and cannot be read.
    func unreadable(_ operation: String, _ reason: String) -> AWSClientError {
        .unreadableResponse(service: service.rawValue, operation: operation, reason: reason)
    }
}
