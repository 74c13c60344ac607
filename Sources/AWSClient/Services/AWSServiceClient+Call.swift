import Logging

extension AWSServiceClient {
    /// What the clients of a session have in common.
    struct Runtime: Sendable {
        let transport: any HTTPTransport
        let system: HostSystem
        /// As a setting says, or nil.
        let maximumAttempts: Int?
        let userAgent: String
        let logger: Logger
        let metrics: CallMetrics
    }

    /// One call, whatever its protocol.
    struct Call: Sendable {
        let operation: String
        var method = "POST"
        var path = "/"
        var query = ""
        var headers: HTTPHeaders
        var body: [UInt8] = []
        /// The thing that the call is about, for errors.
        var resource: AWSResource?
        var timeout: Duration = .seconds(10)
        /// A long poll that timed out is given up at once, so that the poller sees it within the bound it knows; and
        /// one that may not be retried pauses all the same, so that the poller's own loop does not spin.
        var isLongPoll = false

        /// True for calls whose caller knows the quota, and waits for it better than a retry does.
        var leavesThrottling: Bool { operation.hasPrefix("RevokeSecurityGroup") }
    }
}

extension CredentialCache {
    /// A cache on the clock and the log of a session.
    convenience init(_ provider: any CredentialProvider, runtime: AWSServiceClient.Runtime) {
        self.init(provider, now: runtime.system.now, start: runtime.system.start, logger: runtime.logger)
    }
}
