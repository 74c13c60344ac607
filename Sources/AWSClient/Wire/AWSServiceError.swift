import Formats

/// An error that a service returned.
package struct AWSServiceError: Error, Hashable, CustomStringConvertible {
    /// The code for a body that is no error document of AWS: a proxy's web page, an empty body, half a document.
    package static let unreadableResponse = "UnreadableResponse"

    /// `sqs`, `ec2`, `sns` or `sts`.
    package let service: String
    /// The operation.
    package let operation: String
    /// The error code without its namespace, such as `QueueDoesNotExist`.
    package let code: String
    /// The code that SQS used before its JSON protocol, such as `AWS.SimpleQueueService.NonExistentQueue`.
    package let legacyCode: String?
    /// AWS's message.
    package let message: String
    /// The HTTP status.
    package let statusCode: Int
    /// The request id, which AWS support asks for.
    package let requestID: String?
    /// The thing that the call was about, if the call names one.
    package var resource: AWSResource?
    /// The response's body, if a service says more in it than a code. DynamoDB says which item failed a condition.
    var body: [UInt8] = []
    /// The number of seconds by which this machine's clock is ahead of the service's, if SigV4 does not allow that
    /// much.
    package internal(set) var clockLead: Int?
    /// The number of the request that got this response, from 1. A repeated request may meet the effect of an earlier
    /// one.
    package var attempt = 1
    /// True if an earlier request of the same call may have had its effect: it got no response, or the service failed on
    /// its own side. A request that was throttled had none.
    package var mayFollowEffect = false

    /// Creates an error. Tests script failures with it.
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

    /// True if the error has this code, by its present or its legacy name.
    package func has(code: String) -> Bool {
        self.code == code || legacyCode == code
    }

    /// True if the service asks for fewer calls.
    package var isThrottling: Bool {
        Self.throttlingCodes.contains(code) || legacyCode.map(Self.throttlingCodes.contains) == true
    }

    /// True if the service failed on its own side, so that the same call may succeed later.
    package var isTransient: Bool {
        guard !isThrottling else { return false }
        return [500, 502, 503, 504].contains(statusCode) || Self.transientCodes.contains(code)
            || service == "sts" && code == "IDPCommunicationError"
    }

    /// One line for a person.
    package var description: String {
        let id = requestID.map { ", request \(plainText($0, limit: 200))" } ?? ""
        let call = "\(service) \(operation)"
        if let resource, isMissingResource {
            return
                "\(resource) does not exist: \(resource.advice) (\(call): \(plainText(code, limit: 200)), HTTP \(statusCode)\(id))"
        }
        let place = resource.map { " for \($0)" } ?? ""
        return
            "\(call)\(place) failed: \(plainText(code, limit: 200)): \(plainText(message, limit: 200)) (HTTP \(statusCode)\(id))\(advice)"
    }

    private var advice: String {
        guard let clockLead else { return "" }
        return "; this machine's clock is \(abs(clockLead)) s \(clockLead > 0 ? "ahead of" : "behind") AWS's: set it, "
            + "for instance with timedatectl set-ntp true"
    }

    /// True for DynamoDB's `ConditionalCheckFailedException`. It is the answer to a conditional write, not a failure of the call.
    var isFailedCondition: Bool { code == "ConditionalCheckFailedException" }

    /// True if DynamoDB refuses a write because the item would be larger than 400 KB.
    package var isItemTooLarge: Bool { code == "ValidationException" && message.contains("size") }

    /// True if the service says that the thing does not exist.
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

    // The lists of the AWS SDKs' standard retry mode.
    private static let transientCodes: Set = ["RequestTimeout", "RequestTimeoutException"]
    private static let throttlingCodes: Set = [
        "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException",
        "TooManyRequestsException", "ProvisionedThroughputExceededException", "TransactionInProgressException",
        "RequestLimitExceeded", "BandwidthLimitExceeded", "LimitExceededException", "RequestThrottled", "SlowDown",
        "PriorRequestNotComplete", "EC2ThrottledException",
    ]
}
