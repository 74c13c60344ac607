import Foundation

/// A listening socket that does not block.
struct ListeningSocket {
    let descriptor: Int32
    /// The port on which it listens.
    let port: Int

    init(_ address: StatusAddress) throws(StatusServerError) {
        var hints = addrinfo()
        hints.ai_flags = AI_PASSIVE
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let host: String? = address.host.isEmpty || address.host == "*" ? nil : address.host
        let code = getaddrinfo(host, "\(address.port)", &hints, &found)
        guard code == 0, let first = found else {
            throw StatusServerError(address: address, reason: String(cString: gai_strerror(code)))
        }
        defer { freeaddrinfo(found) }
        let info = first.pointee
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(info.ai_family, type, 0)
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        guard descriptor >= 0, bind(descriptor, info.ai_addr, info.ai_addrlen) == 0, listen(descriptor, 64) == 0 else {
            let reason = String(cString: strerror(errno))
            if descriptor >= 0 { close(descriptor) }
            throw StatusServerError(address: address, reason: reason)
        }
        self.descriptor = descriptor
        port = Self.port(of: descriptor) ?? address.port
    }

    private static func port(of descriptor: Int32) -> Int? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let code = withUnsafeMutablePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        guard code == 0 else { return nil }
        return withUnsafePointer(to: &storage) { pointer in
            // The port is at the same place in both kinds of address.
            pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { Int(UInt16(bigEndian: $0.pointee.sin_port)) }
        }
    }
}
