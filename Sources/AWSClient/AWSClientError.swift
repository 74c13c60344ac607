import Formats

/// Everything that prevents a response of a service. An error that a service returns is an `AWSServiceError`.
package enum AWSClientError: Error, Hashable, CustomStringConvertible {
    /// No place had credentials. `hint` says why one of them had none.
    case noCredentials(tried: String, hint: String? = nil)
    /// A place has credentials that cannot be used.
    case invalidCredentials(source: String, reason: String)
    /// There was no response. The request may have been carried out all the same.
    case transport(service: String, operation: String, HTTPTransportError)
    /// The service reported success in a form that cannot be read.
    case unreadableResponse(service: String, operation: String, reason: String)
    /// A setting, from the environment or a shared file, that cannot be used.
    case invalidSetting(name: String, value: String, reason: String)
    /// A shared file that cannot be read.
    case invalidSharedFile(path: String, line: Int?, reason: String)
    /// No Region is set, and one is needed.
    case missingRegion
    /// The URL is not that of an SQS queue.
    case invalidQueueURL(String, reason: String)
    /// The text is not the ARN of a topic.
    case invalidTopicARN(String)

    /// True if the response did not come in time; false if a connection failed.
    package var isTimeout: Bool {
        if case .transport(_, _, .timedOut) = self { true } else { false }
    }

    /// True if the same call may succeed later without a change.
    package var isTransient: Bool {
        switch self {
        case .transport(_, _, let error): error.isTransient
        case .unreadableResponse: true
        case .noCredentials, .invalidCredentials, .invalidSetting, .invalidSharedFile, .missingRegion,
            .invalidQueueURL, .invalidTopicARN:
            false
        }
    }

    /// True if a setting is wrong, so that no call can be made until somebody changes it. Missing credentials do not
    /// count, because they may come.
    package var isConfiguration: Bool {
        switch self {
        case .invalidSetting, .invalidSharedFile, .missingRegion, .invalidQueueURL, .invalidTopicARN: true
        case .noCredentials, .invalidCredentials, .transport, .unreadableResponse: false
        }
    }

    /// One line: the problem, and what to do.
    package var description: String {
        switch self {
        case .noCredentials(let tried, let hint):
            "no AWS credentials in \(tried); set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or choose a profile"
                + (hint.map { " (\($0))" } ?? "")
        case .invalidCredentials(let source, let reason): "the AWS credentials of \(source) cannot be used: \(reason)"
        case .transport(let service, let operation, let error): "\(service) \(operation): \(error)"
        case .unreadableResponse(let service, let operation, let reason):
            "\(service) \(operation) got an answer that cannot be read: \(reason); check that the endpoint is AWS"
        case .invalidSetting(let name, let value, let reason):
            "\(name)=\(plainText(value, limit: 200)) cannot be used: \(reason)"
        case .invalidSharedFile(let path, let line?, let reason): "\(path):\(line): \(reason)"
        case .invalidSharedFile(let path, nil, let reason): "\(path): \(reason)"
        case .missingRegion: "no AWS region; set AWS_REGION, --region, or region in the profile"
        case .invalidQueueURL(let text, let reason):
            "the queue URL \(plainText(text, limit: 200)) cannot be used: \(reason)"
        case .invalidTopicARN(let text):
            "\(plainText(text, limit: 200)) is no topic ARN; expected arn:aws:sns:REGION:ACCOUNT:NAME of a known region"
        }
    }
}

extension HTTPTransportError {
    /// True if another try may get a response.
    var isTransient: Bool {
        switch self {
        case .timedOut, .connectionFailed: true
        case .responseTooLarge, .refused, .cancelled, .shutDown: false
        }
    }
}
