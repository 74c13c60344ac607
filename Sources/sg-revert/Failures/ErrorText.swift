import Foundation

/// An error as one line for people. Foundation describes a file's error in several lines of domains and dictionaries,
/// so only its cause and its path are kept.
func errorText(_ error: any Error) -> String {
    guard type(of: error) == NSError.self || error is CocoaError || error is POSIXError else { return "\(error)" }
    let outer = error as NSError
    var cause = outer
    while let inner = cause.userInfo[NSUnderlyingErrorKey] as? NSError { cause = inner }
    let reason =
        switch (cause.domain, cause.code) {
        case (NSPOSIXErrorDomain, let code): String(cString: strerror(Int32(code)))
        case (NSCocoaErrorDomain, CocoaError.Code.fileNoSuchFile.rawValue),
            (NSCocoaErrorDomain, CocoaError.Code.fileReadNoSuchFile.rawValue):
            "it does not exist"
        case (NSCocoaErrorDomain, CocoaError.Code.fileReadNoPermission.rawValue),
            (NSCocoaErrorDomain, CocoaError.Code.fileWriteNoPermission.rawValue):
            "permission denied"
        case (NSCocoaErrorDomain, CocoaError.Code.fileReadInapplicableStringEncoding.rawValue): "it is not UTF-8 text"
        default: "error \(cause.code)"
        }
    let path = outer.userInfo[NSFilePathErrorKey] as? String ?? (outer.userInfo[NSURLErrorKey] as? URL)?.path
    return path.map { "\($0): \(reason)" } ?? reason
}
