import Foundation

/// Who runs the command, as `user@host`: what the trail keeps of a person.
func personName() -> String {
    let user = getpwuid(getuid()).map { String(cString: $0.pointee.pw_name) } ?? "uid-\(getuid())"
    return "\(user)@\(hostName())"
}
