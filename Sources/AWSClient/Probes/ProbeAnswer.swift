/// The answer to a call that is made only to find out whether it is allowed, in a form that changes nothing.
package enum ProbeAnswer: Hashable, Sendable {
    /// Allowed: the service checked the permission and then refused the part of the call that is wrong on purpose.
    case allowed
    /// Denied: the permission is missing.
    case denied(String)
    /// The resource does not exist.
    case missing(String)
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
            return .unclear("\(error)")
        } catch {
            return .unclear("\(error)")
        }
    }

    private static let denials = [
        "AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError",
        "AuthorizationErrorException", "UnauthorizedException", "KMS.AccessDeniedException", "KmsAccessDenied",
        "KMSAccessDenied",
    ]
    private static let absences = [
        "AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist", "NotFound", "NotFoundException",
        "InvalidGroup.NotFound", "ResourceNotFoundException",
    ]
}
