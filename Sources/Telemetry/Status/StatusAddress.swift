import Formats
import Foundation

/// The address of the status endpoint: `host:port`, `[address]:port`, or `:port` for every address.
package struct StatusAddress: Hashable, Sendable, CustomStringConvertible {
    /// The host's name or address; empty for every address.
    package let host: String
    /// The port; 0 for any free port.
    package let port: Int

    /// Reads an address; nil for any other text.
    package init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return nil
        }
        var host = text[..<colon]
        if host.hasPrefix("[") {
            guard host.hasSuffix("]") else { return nil }
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard host.utf8.allSatisfy({ $0.isASCIILetterOrDigit || ":-.%_".utf8.contains($0) }) else { return nil }
        self.host = String(host)
        self.port = Int(port)
    }

    /// The URL of a path at this address, for a client on the same machine.
    package func url(_ path: String) -> String {
        let isAny = ["", "0.0.0.0", "::", "*"].contains(host)
        let name = isAny ? "127.0.0.1" : host.contains(":") ? "[\(host)]" : host
        return "http://\(name):\(port)\(path)"
    }

    /// The address in the form of the setting.
    package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// The status endpoint cannot listen.
package struct StatusServerError: Error, CustomStringConvertible {
    let address: StatusAddress
    let reason: String

    /// One line for a person.
    package var description: String {
        "the status endpoint cannot listen at \(address): \(reason); check --http-address"
    }
}
