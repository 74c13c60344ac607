/// What a service answered in place of a result.
package struct AWSServiceError: Error, Hashable, CustomStringConvertible {
    /// The code where the body was no error document of AWS's: a proxy's web page, nothing, half a document.
    package static let unreadableResponse = "UnreadableResponse"

    /// `sqs`, `ec2`, `sns` or `sts`.
    package let service: String
    /// The operation that was called.
    package let operation: String
    /// The code without namespace, such as `QueueDoesNotExist`.
    package let code: String
    /// The code that SQS used before it spoke JSON, such as `AWS.SimpleQueueService.NonExistentQueue`.
    package let legacyCode: String?
    /// AWS's own words.
    package let message: String
    /// The status of the HTTP answer.
    package let statusCode: Int
    /// What AWS support asks for.
    package let requestID: String?
    /// The thing that the call was about, where the call says so.
    package var resource: AWSResource?
    /// The body of the answer, where a service says more in it than a code: DynamoDB, which item failed a condition.
    var body: [UInt8] = []
    /// By how many seconds this machine's clock is ahead of the service's, where that is more than SigV4 allows.
    package internal(set) var clockLead: Int?
    /// Which time of sending got this answer, from 1. One after the first may have met what an earlier one did.
    package var attempt = 1

    /// An answer as a service gave it; tests script failures with it.
    package init(
        service: String,
        operation: String,
        code: String,
        legacyCode: String? = nil,
        message: String = "",
        statusCode: Int,
        requestID: String? = nil
    ) {
        self.service = service
        self.operation = operation
        self.code = code
        self.legacyCode = legacyCode
        self.message = message
        self.statusCode = statusCode
        self.requestID = requestID
    }

    /// Whether this is the error called `code`, by its present or its legacy name.
    package func has(code: String) -> Bool {
        self.code == code || legacyCode == code
    }

    /// Whether the service asks for fewer calls.
    package var isThrottling: Bool {
        Self.throttlingCodes.contains(code) || legacyCode.map(Self.throttlingCodes.contains) == true
    }

    /// Whether the service failed on its own side, so that the same call may succeed later.
    package var isTransient: Bool {
        guard !isThrottling else { return false }
        return [500, 502, 503, 504].contains(statusCode) || Self.transientCodes.contains(code)
            || service == "sts" && code == "IDPCommunicationError"
    }

    /// One line for a person.
    package var description: String {
        let id = requestID.map { ", request \(printable($0))" } ?? ""
        let call = "\(service) \(operation)"
        if let resource, isMissingResource {
            return
                "\(resource) does not exist: \(resource.advice) (\(call): \(printable(code)), HTTP \(statusCode)\(id))"
        }
        let place = resource.map { " for \($0)" } ?? ""
        return "\(call)\(place) failed: \(printable(code)): \(printable(message)) (HTTP \(statusCode)\(id))\(advice)"
    }

    private var advice: String {
        guard let clockLead else { return "" }
        return "; this machine's clock is \(abs(clockLead)) s \(clockLead > 0 ? "ahead of" : "behind") AWS's: set it, "
            + "for instance with timedatectl set-ntp true"
    }

    /// Whether the service says that it does not know the thing that the call was about.
    package var isMissingResource: Bool {
        switch resource?.kind {
        case .queue: has(code: "QueueDoesNotExist") || has(code: "AWS.SimpleQueueService.NonExistentQueue")
        case .topic: ["NotFound", "NotFoundException"].contains(code)
        case .table, .eventBus: code == "ResourceNotFoundException"
        case .group: code == "InvalidGroup.NotFound"
        case .role, .prefixList, nil: false
        }
    }

    /// The IAM action that the call needs, such as `sqs:DeleteMessage` for `DeleteMessageBatch`.
    package var permission: String {
        let name = service == "sqs" && operation.hasSuffix("Batch") ? String(operation.dropLast(5)) : operation
        return "\(service == "eventbridge" ? "events" : service):\(name)"
    }

    /// Whether the caller lacks the permission for the call.
    package var isAccessDenied: Bool {
        [
            "AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError",
            "AuthorizationErrorException",
        ].contains(code)
    }

    // The lists of the AWS SDKs' standard retry mode.
    private static let transientCodes: Set = ["RequestTimeout", "RequestTimeoutException"]
    private static let throttlingCodes: Set = [
        "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException",
        "TooManyRequestsException", "ProvisionedThroughputExceededException", "TransactionInProgressException",
        "RequestLimitExceeded", "BandwidthLimitExceeded", "LimitExceededException", "RequestThrottled", "SlowDown",
        "PriorRequestNotComplete", "EC2ThrottledException",
    ]
}
