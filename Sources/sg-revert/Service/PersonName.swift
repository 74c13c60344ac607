import Foundation

/// The name of the person who runs the command, as `user@host`. The trail keeps it.
func personName() -> String {
    let user = getpwuid(getuid()).map { String(cString: $0.pointee.pw_name) } ?? "uid-\(getuid())"
    return "\(user)@\(hostName())"
}
