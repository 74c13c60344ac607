import Logging

extension AWSServiceClient {
    /// The parts that the clients of a session share.
    struct Runtime: Sendable {
        let transport: any HTTPTransport
        let system: HostSystem
        /// The number of attempts that a setting asks for; nil without one.
        let maximumAttempts: Int?
        let userAgent: String
        let logger: Logger
        let metrics: CallMetrics
        let refresher = CredentialRefresher()
    }

    /// One call, of any protocol.
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
        /// True for a long poll. If it times out it is not repeated, so that the poller sees that within the limit that
        /// it knows. If it may not be repeated it still pauses, so that the poller's loop does not spin.
        var isLongPoll = false

        /// True for calls whose caller knows the quota and waits for it better than a retry does.
        var leavesThrottling: Bool { operation.hasPrefix("RevokeSecurityGroup") }
    }
}

extension CredentialCache {
    /// Creates a cache that uses the clock and the log of a session.
    convenience init(_ provider: any CredentialProvider, runtime: AWSServiceClient.Runtime) {
        self.init(provider, refresher: runtime.refresher, system: runtime.system, logger: runtime.logger)
    }
}
