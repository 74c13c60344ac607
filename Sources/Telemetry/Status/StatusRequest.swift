/// An HTTP request of the status endpoint: the method and the path, from the first line.
struct StatusRequest: Hashable {
    /// The state of reading a request.
    enum Reading: Hashable {
        /// The header is not complete.
        case incomplete
        case complete(StatusRequest)
        /// The bytes are no request of HTTP/1.
        case malformed
        /// The header is larger than allowed.
        case tooLarge
    }

    let method: String
    let path: String

    /// The largest number of bytes of a request.
    static let limit = 8192

    /// Reads the bytes that have arrived.
    static func read(_ bytes: [UInt8]) -> Reading {
        guard let end = endOfHeader(bytes) else { return bytes.count >= limit ? .tooLarge : .incomplete }
        guard end <= limit else { return .tooLarge }
        let line = bytes.prefix { $0 != 13 && $0 != 10 }
        guard line.allSatisfy({ (0x20...0x7E).contains($0) }) else { return .malformed }
        let parts = String(decoding: line, as: UTF8.self).split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 3, !parts[0].isEmpty, parts[1].hasPrefix("/"), parts[2].hasPrefix("HTTP/1.") else {
            return .malformed
        }
        let path = parts[1].split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)[0]
        return .complete(StatusRequest(method: String(parts[0]), path: String(path)))
    }

    /// The end of the empty line after the header.
    private static func endOfHeader(_ bytes: [UInt8]) -> Int? {
        var lineIsEmpty = true
        for (index, byte) in bytes.enumerated() {
            if byte == 10 {
                if lineIsEmpty, index > 0 { return index + 1 }
                lineIsEmpty = true
            } else if byte != 13 {
                lineIsEmpty = false
            }
        }
        return nil
    }
}

/// A response of the status endpoint.
package struct StatusAnswer: Hashable, Sendable {
    let status: Int
    let contentType: String
    let body: String

    /// Creates a response with a status code and a text.
    package init(_ status: Int, contentType: String = "text/plain; charset=utf-8", _ body: String) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }

    /// The response as bytes. The connection ends after it.
    func bytes(withBody: Bool) -> [UInt8] {
        let reasons = [
            200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed",
            431: "Request Header Fields Too Large",
            503: "Service Unavailable",
        ]
        var head = "HTTP/1.1 \(status) \(reasons[status] ?? "Error")\r\nContent-Type: \(contentType)\r\n"
        head += "Content-Length: \(body.utf8.count)\r\nConnection: close\r\nCache-Control: no-store\r\n"
        head += "X-Content-Type-Options: nosniff\r\n"
        if status == 405 { head += "Allow: GET, HEAD\r\n" }
        return Array((head + "\r\n" + (withBody ? body : "")).utf8)
    }
}

/// The routes of the status endpoint.
package struct StatusRoutes: Sendable {
    private let routes: [String: @Sendable () -> StatusAnswer]

    /// Creates routes by their paths.
    package init(_ routes: [String: @Sendable () -> StatusAnswer]) {
        self.routes = routes
    }

    /// The bytes of the response; nil while the request is incomplete.
    func answer(to reading: StatusRequest.Reading) -> [UInt8]? {
        switch reading {
        case .incomplete: return nil
        case .malformed: return StatusAnswer(400, "not an HTTP request\n").bytes(withBody: true)
        case .tooLarge: return StatusAnswer(431, "the request is too large\n").bytes(withBody: true)
        case .complete(let request):
            guard ["GET", "HEAD"].contains(request.method) else {
                return StatusAnswer(405, "only GET is answered\n").bytes(withBody: true)
            }
            let isGet = request.method == "GET"
            guard let route = routes[request.path] else {
                return StatusAnswer(404, "try \(routes.keys.sorted().joined(separator: ", "))\n").bytes(withBody: isGet)
            }
            return route().bytes(withBody: isGet)
        }
    }
}
