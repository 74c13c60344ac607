import CCurl
import Foundation

/// One request on its way: an easy handle and what has come back so far. Lives on the event loop's thread only.
@safe
final class CurlTransfer {
    let id: UInt64
    let host: String
    let continuation: CurlEventLoop.Continuation
    let easy: UnsafeMutableRawPointer

    private let timeout: Duration
    private let maximumResponseSize: Int
    private var headerList: UnsafeMutablePointer<curl_slist>?
    private let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
    private var response = HTTPResponse(status: 0)
    private var isTooLarge = false

    init(
        _ submission: CurlEventLoop.Submission,
        _ options: CurlEventLoop.Options
    ) throws(HTTPTransportError) {
        let request = submission.request
        id = submission.id
        host = request.url.host
        timeout = submission.timeout
        continuation = submission.continuation
        maximumResponseSize = options.maximumResponseSize
        unsafe errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        guard let easy = unsafe curl_easy_init() else {
            unsafe errorText.deallocate()
            throw .refused(host: host, reason: "libcurl has no memory for a transfer")
        }
        unsafe self.easy = easy
        setRequest(request)
        setLimits()
        if request.isMetadata { set(CURLOPT_CONNECTTIMEOUT_MS, 1000) }
        setProxy(request, options.proxies)
        setCallbacks()
        if let caBundle = options.caBundle { _ = unsafe ccurl_set_string(easy, CURLOPT_CAINFO, caBundle) }
    }

    deinit {
        unsafe curl_easy_cleanup(easy)
        unsafe curl_slist_free_all(headerList)
        unsafe errorText.deallocate()
    }

    /// What libcurl's final code means for whoever waits.
    func result(_ code: CURLcode) -> Result<HTTPResponse, HTTPTransportError> {
        switch code {
        case CURLE_OK: return .success(response)
        case CURLE_OPERATION_TIMEDOUT: return .failure(.timedOut(host: host, after: timeout))
        case _ where isTooLarge: return .failure(.responseTooLarge(host: host, limit: maximumResponseSize))
        default:
            let detail = unsafe String(cString: errorText)
            let reason = unsafe detail.isEmpty ? String(cString: curl_easy_strerror(code)) : detail
            return .failure(.connectionFailed(host: host, reason: reason))
        }
    }

    // MARK: Options

    private func set(_ option: CURLoption, _ value: Int) {
        _ = unsafe ccurl_set_long(easy, option, value)
    }

    private func setRequest(_ request: HTTPRequest) {
        _ = unsafe ccurl_set_string(easy, CURLOPT_URL, request.url.text)
        // The path is signed as it stands: libcurl must not fold dot segments.
        set(CURLOPT_PATH_AS_IS, 1)
        // On a new connection libcurl repeats nothing by itself.
        set(CURLOPT_FRESH_CONNECT, request.isSilentlyRepeatable ? 0 : 1)
        if request.method == "GET" {
            set(CURLOPT_HTTPGET, 1)
        } else {
            set(CURLOPT_POST, 1)
            _ = unsafe request.body.withUnsafeBytes { bytes in
                unsafe ccurl_copy_body(easy, bytes.baseAddress ?? UnsafeRawPointer(errorText), bytes.count)
            }
        }
        _ = unsafe ccurl_set_string(easy, CURLOPT_CUSTOMREQUEST, request.method)
        // libcurl adds these by itself; without a value the line means "leave it out".
        let lines =
            ["Expect:", "Accept:", "Content-Type:"].filter { request.headers[String($0.dropLast())] == nil }
            + request.headers.fields.map { field in
                field.value.isEmpty ? "\(field.name);" : "\(field.name): \(field.value)"
            }
        for line in lines {
            unsafe headerList = curl_slist_append(headerList, line)
        }
        _ = unsafe ccurl_set_list(easy, CURLOPT_HTTPHEADER, headerList)
    }

    private func setLimits() {
        let milliseconds = timeout.components.seconds * 1000 + timeout.components.attoseconds / 1_000_000_000_000_000
        set(CURLOPT_TIMEOUT_MS, max(1, Int(milliseconds)))
        set(CURLOPT_CONNECTTIMEOUT_MS, 5000)
        set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        set(CURLOPT_NOSIGNAL, 1)
        // Giving up a transfer must not wait for its name look-up: that would stop every other transfer.
        set(CURLOPT_QUICK_EXIT, 1)
        set(CURLOPT_FOLLOWLOCATION, 0)
        _ = unsafe ccurl_set_string(easy, CURLOPT_PROTOCOLS_STR, "http,https")
        set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        set(CURLOPT_SSL_VERIFYPEER, 1)
        set(CURLOPT_SSL_VERIFYHOST, 2)
        // A peer that vanished during a long poll is noticed by the probes, not only by the timeout.
        set(CURLOPT_TCP_KEEPALIVE, 1)
        set(CURLOPT_TCP_KEEPIDLE, 15)
        set(CURLOPT_TCP_KEEPINTVL, 15)
        // Connections and names are given up in time to follow a change of DNS.
        set(CURLOPT_MAXLIFETIME_CONN, 300)
        set(CURLOPT_DNS_CACHE_TIMEOUT, 60)
    }

    private func setProxy(_ request: HTTPRequest, _ proxies: ProxySettings) {
        let isHere = request.isMetadata || request.url.isLoopback
        // Empty means none, where nothing would mean that libcurl reads the environment by itself.
        let proxy = isHere ? nil : request.url.scheme == .https ? proxies.https : proxies.http
        _ = unsafe ccurl_set_string(easy, CURLOPT_PROXY, proxy ?? "")
        _ = unsafe ccurl_set_string(easy, CURLOPT_NOPROXY, proxies.exceptions ?? "")
    }

    private func setCallbacks() {
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        _ = unsafe ccurl_set_pointer(easy, CURLOPT_ERRORBUFFER, errorText)
        _ = unsafe ccurl_set_pointer(easy, CURLOPT_HEADERDATA, context)
        _ = unsafe ccurl_set_pointer(easy, CURLOPT_WRITEDATA, context)
        _ = unsafe ccurl_set_data_callback(easy, CURLOPT_HEADERFUNCTION) { bytes, _, count, context in
            unsafe CurlTransfer.at(context)?.takeHeader(UnsafeRawBufferPointer(start: bytes, count: count))
            return count
        }
        _ = unsafe ccurl_set_data_callback(easy, CURLOPT_WRITEFUNCTION) { bytes, _, count, context in
            let data = unsafe UnsafeRawBufferPointer(start: bytes, count: count)
            // Any other number than `count` makes libcurl give the transfer up.
            return unsafe CurlTransfer.at(context)?.takeBody(data) == true ? count : 0
        }
        _ = unsafe ccurl_set_socket_callback(easy) { _, socket, _ in
            // Sent bytes that nobody acknowledges for 15 s end the connection; the kernel's own bound is 15 min.
            var milliseconds: CUnsignedInt = 15_000
            _ = unsafe setsockopt(
                socket,
                CInt(IPPROTO_TCP),
                TCP_USER_TIMEOUT,
                &milliseconds,
                socklen_t(MemoryLayout<CUnsignedInt>.size)
            )
            return CInt(CURL_SOCKOPT_OK)
        }
    }

    // MARK: Callbacks

    private static func at(_ context: UnsafeMutableRawPointer?) -> CurlTransfer? {
        unsafe context.map { unsafe Unmanaged<CurlTransfer>.fromOpaque($0).takeUnretainedValue() }
    }

    private func takeHeader(_ bytes: UnsafeRawBufferPointer) {
        let line = unsafe String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        if line.hasPrefix("HTTP/") {
            // A new status line (after 100 Continue) begins the answer anew.
            let status = line.split(separator: " ").dropFirst().first.flatMap { Int($0) }
            response = HTTPResponse(status: status ?? 0)
        } else if let colon = line.firstIndex(of: ":") {
            let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            response.headers.add(String(line[..<colon]), value)
        }
    }

    private func takeBody(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard response.body.count + bytes.count <= maximumResponseSize else {
            isTooLarge = true
            return false
        }
        unsafe response.body.append(contentsOf: bytes)
        return true
    }
}
