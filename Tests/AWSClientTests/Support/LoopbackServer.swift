import AWSClient
import Foundation
import Synchronization

/// A server on 127.0.0.1 that answers each request as the test says, keeping connections alive.
final class LoopbackServer: Sendable {
    struct Received: Sendable {
        let requestLine: String
        let headers: HTTPHeaders
        let body: [UInt8]
        /// Which connection it came over, from 1.
        let connection: Int
    }

    enum Reply: Sendable {
        case bytes(String)
        /// Nothing, until the client goes away.
        case silence
        case close
        /// An answer that promises to keep the connection, which closes nevertheless.
        case bytesThenClose(String)
    }

    let port: UInt16
    private let listener: CInt
    private let connections = Mutex(0)
    private let handler: @Sendable (Received) -> Reply
    private let onClose: @Sendable () -> Void

    init(
        onClose: @escaping @Sendable () -> Void = {},
        handler: @escaping @Sendable (Received) -> Reply
    ) throws {
        self.handler = handler
        self.onClose = onClose
        listener = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let isReady = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(listener, pointer, length) == 0 && listen(listener, 16) == 0
                    && getsockname(listener, pointer, &length) == 0
            }
        }
        guard isReady else { throw POSIXError(.EADDRNOTAVAIL) }
        port = UInt16(bigEndian: address.sin_port)
        Thread.detachNewThread { self.acceptAll() }
    }

    /// Ends the thread that accepts, which then closes the socket. Closed here, its number could be another server's by the time
    /// that the thread accepts again.
    func stop() {
        shutdown(listener, CInt(SHUT_RDWR))
    }

    static func response(_ body: String, status: String = "200 OK", headers: String = "") -> Reply {
        .bytes("HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\n\(headers)\r\n\(body)")
    }

    private func acceptAll() {
        defer { close(listener) }
        while true {
            let client = accept(listener, nil, nil)
            guard client >= 0 else { return }
            let number = connections.withLock { count in
                count += 1
                return count
            }
            Thread.detachNewThread { self.serve(client, number) }
        }
    }

    private func serve(_ client: CInt, _ number: Int) {
        defer {
            close(client)
            onClose()
        }
        var buffer: [UInt8] = []
        while let request = read(client, &buffer, number) {
            switch handler(request) {
            case .bytes(let text): send(client, text, text.utf8.count, CInt(MSG_NOSIGNAL))
            case .silence: continue
            case .close: return
            case .bytesThenClose(let text):
                send(client, text, text.utf8.count, CInt(MSG_NOSIGNAL))
                return
            }
        }
    }

    /// The next request, or nil once the client has gone.
    private func read(_ client: CInt, _ buffer: inout [UInt8], _ number: Int) -> Received? {
        while true {
            if let request = Self.parse(&buffer, number) { return request }
            var chunk = [UInt8](repeating: 0, count: 65536)
            let count = recv(client, &chunk, chunk.count, 0)
            guard count > 0 else { return nil }
            buffer += chunk[..<count]
        }
    }

    private static func parse(_ buffer: inout [UInt8], _ number: Int) -> Received? {
        guard let end = buffer.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let lines = String(decoding: buffer[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
        var headers = HTTPHeaders()
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            headers.add(String(parts[0]), parts[1].trimmingCharacters(in: .whitespaces))
        }
        let length = headers["Content-Length"].flatMap { Int($0) } ?? 0
        guard buffer.count >= end.upperBound + length else { return nil }
        let body = Array(buffer[end.upperBound..<end.upperBound + length])
        buffer.removeFirst(end.upperBound + length)
        return Received(requestLine: String(lines[0]), headers: headers, body: body, connection: number)
    }
}
