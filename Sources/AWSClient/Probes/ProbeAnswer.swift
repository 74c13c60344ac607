/// The answer to a call that is made only to find out whether it is allowed, in a form that changes nothing.
package enum ProbeAnswer: Hashable, Sendable {
    /// Allowed: the service checked the permission and then refused the part of the call that is wrong on purpose.
    case allowed
    /// Denied: the permission is missing.
    case denied(String)
    /// The resource does not exist.
    case missing(String)
    /// No call of the service can succeed: nothing answers, the service is out, or it refuses the credentials or the account.
    case unusable(String)
    /// The answer tells nothing about the permission.
    case unclear(String)

    /// Makes a call and reads its answer.
    ///
    /// - Parameter expected: The codes with which the service refuses the part that is wrong on purpose.
    static func of(expecting expected: Set<String>, _ call: () async throws -> Void) async -> ProbeAnswer {
        do {
            try await call()
            return .allowed
        } catch let error as AWSServiceError {
            if expected.contains(where: error.has(code:)) { return .allowed }
            if denials.contains(where: error.has(code:)) { return .denied("\(error)") }
            if absences.contains(where: error.has(code:)) { return .missing("\(error)") }
            if error.isTransient || refusals.contains(where: error.has(code:)) { return .unusable("\(error)") }
            return .unclear("\(error)")
        } catch let error as AWSClientError where error.isTransient {
            return .unusable("\(error)")
        } catch {
            return .unclear("\(error)")
        }
    }

    private static let denials = [
        "AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError",
        "AuthorizationErrorException", "UnauthorizedException", "KMS.AccessDeniedException", "KmsAccessDenied",
        "KMSAccessDenied",
    ]
    /// The codes for credentials and accounts that a service does not take. `OptInRequired` and `AuthFailure` are EC2's in a Region
    /// that the account has not enabled.
    private static let refusals = [
        "AuthFailure", "Blocked", "ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "OptInRequired",
        "PendingVerification", "SignatureDoesNotMatch", "UnrecognizedClientException",
    ]
    private static let absences = [
        "AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist", "NotFound", "NotFoundException",
        "InvalidGroup.NotFound", "ResourceNotFoundException",
    ]
}
