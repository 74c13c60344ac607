import CCurl
import Foundation

/// An easy handle of libcurl and its current request. It is used only on the event loop's thread.
///
/// A handle serves many requests in turn. Options that are the same for all requests are set once.
@safe
final class CurlTransfer {
    /// The functions that libcurl calls when it opens and closes sockets, and their argument.
    @safe
    struct SocketCallbacks {
        let context: UnsafeMutableRawPointer
        let opened: ccurl_socket_callback
        let closed: ccurl_close_callback
    }

    let easy: UnsafeMutableRawPointer
    /// The id of the current request.
    private(set) var id: UInt64 = 0

    private let maximumResponseSize: Int
    private let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
    private var headerList: UnsafeMutablePointer<curl_slist>?
    private var host = ""
    private var timeout: Duration = .zero
    private var continuation: CurlSubmission.Continuation?
    private var response = HTTPResponse(status: 0)
    private var isTooLarge = false

    /// Nil if libcurl has no memory.
    init?(_ options: CurlOptions, sockets: SocketCallbacks) {
        maximumResponseSize = options.maximumResponseSize
        unsafe errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        guard let easy = unsafe curl_easy_init() else {
            unsafe errorText.deallocate()
            return nil
        }
        unsafe self.easy = easy
        setRules(options)
        setCallbacks(sockets)
    }

    deinit {
        unsafe curl_easy_cleanup(easy)
        unsafe curl_slist_free_all(headerList)
        unsafe errorText.deallocate()
    }

    /// Makes the handle ready for a request.
    func prepare(_ submission: CurlSubmission, _ options: CurlOptions) {
        let request = submission.request
        id = submission.id
        host = request.url.host
        timeout = submission.timeout
        continuation = submission.continuation
        response = HTTPResponse(status: 0)
        response.sends = 0
        isTooLarge = false
        unsafe errorText.pointee = 0
        setRequest(request)
        let (seconds, attoseconds) = timeout.components
        set(CURLOPT_TIMEOUT_MS, max(1, Int(seconds * 1000 + attoseconds / 1_000_000_000_000_000)))
        set(CURLOPT_CONNECTTIMEOUT_MS, request.isMetadata ? 1000 : 5000)
        setProxy(request, options.proxies)
    }

    /// Ends the request: the waiting task gets the result, and the handle keeps nothing of the request.
    func finish(_ result: Result<HTTPResponse, HTTPTransportError>) {
        continuation?.resume(returning: result)
        continuation = nil
        response = HTTPResponse(status: 0)
    }

    /// Translates libcurl's final code.
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
        if request.method == "GET" {
            set(CURLOPT_HTTPGET, 1)
        } else {
            set(CURLOPT_POST, 1)
            _ = unsafe request.body.withUnsafeBytes { bytes in
                unsafe ccurl_copy_body(easy, bytes.baseAddress ?? UnsafeRawPointer(errorText), bytes.count)
            }
        }
        _ = unsafe ccurl_set_string(easy, CURLOPT_CUSTOMREQUEST, request.method)
        unsafe curl_slist_free_all(headerList)
        unsafe headerList = nil
        // Libcurl adds these headers by itself. A line without a value tells it to leave the header out.
        for name in ["Expect", "Accept", "Content-Type"] where request.headers[name] == nil {
            addHeader("\(name):")
        }
        for field in request.headers.fields {
            addHeader(field.value.isEmpty ? "\(field.name);" : "\(field.name): \(field.value)")
        }
        _ = unsafe ccurl_set_list(easy, CURLOPT_HTTPHEADER, headerList)
    }

    private func addHeader(_ line: String) {
        unsafe headerList = curl_slist_append(headerList, line)
    }

    private func setProxy(_ request: HTTPRequest, _ proxies: ProxySettings) {
        let isHere = request.isMetadata || request.url.isLoopback
        // An empty text means no proxy. Without this option libcurl would read the environment itself.
        let proxy = isHere ? nil : request.url.scheme == .https ? proxies.https : proxies.http
        _ = unsafe ccurl_set_string(easy, CURLOPT_PROXY, proxy ?? "")
    }

    /// Sets the options of every request.
    private func setRules(_ options: CurlOptions) {
        // The path is signed as it is, so libcurl must not remove dot segments.
        set(CURLOPT_PATH_AS_IS, 1)
        set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        set(CURLOPT_NOSIGNAL, 1)
        // Giving up a transfer must not wait for its name look-up, which would stop every other transfer.
        set(CURLOPT_QUICK_EXIT, 1)
        set(CURLOPT_FOLLOWLOCATION, 0)
        _ = unsafe ccurl_set_string(easy, CURLOPT_PROTOCOLS_STR, "http,https")
        _ = unsafe ccurl_set_string(easy, CURLOPT_NOPROXY, options.proxies.exceptions ?? "")
        if let caBundle = options.caBundle { _ = unsafe ccurl_set_string(easy, CURLOPT_CAINFO, caBundle) }
        set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        set(CURLOPT_SSL_VERIFYPEER, 1)
        set(CURLOPT_SSL_VERIFYHOST, 2)
        // A peer that vanished during a long poll is noticed by these probes before the timeout.
        set(CURLOPT_TCP_KEEPALIVE, 1)
        set(CURLOPT_TCP_KEEPIDLE, 15)
        set(CURLOPT_TCP_KEEPINTVL, 15)
        // Connections and names are dropped in time to follow a change of DNS.
        set(CURLOPT_MAXLIFETIME_CONN, 300)
        set(CURLOPT_DNS_CACHE_TIMEOUT, 60)
    }

    private func setCallbacks(_ sockets: SocketCallbacks) {
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        _ = unsafe ccurl_set_pointer(easy, CURLOPT_ERRORBUFFER, errorText)
        for option in [CURLOPT_PRIVATE, CURLOPT_HEADERDATA, CURLOPT_WRITEDATA, CURLOPT_PREREQDATA] {
            _ = unsafe ccurl_set_pointer(easy, option, context)
        }
        for option in [CURLOPT_SOCKOPTDATA, CURLOPT_CLOSESOCKETDATA] {
            _ = unsafe ccurl_set_pointer(easy, option, sockets.context)
        }
        _ = unsafe ccurl_set_socket_callback(easy, sockets.opened)
        _ = unsafe ccurl_set_close_callback(easy, sockets.closed)
        _ = unsafe ccurl_set_request_callback(easy) { context, _, _, _, _ in
            unsafe CurlTransfer.at(context)?.response.sends += 1
            return CURL_PREREQFUNC_OK
        }
        _ = unsafe ccurl_set_data_callback(easy, CURLOPT_HEADERFUNCTION) { bytes, _, count, context in
            unsafe CurlTransfer.at(context)?.takeHeader(UnsafeRawBufferPointer(start: bytes, count: count))
            return count
        }
        _ = unsafe ccurl_set_data_callback(easy, CURLOPT_WRITEFUNCTION) { bytes, _, count, context in
            let data = unsafe UnsafeRawBufferPointer(start: bytes, count: count)
            // Any result other than `count` makes libcurl give up the transfer.
            return unsafe CurlTransfer.at(context)?.takeBody(data) == true ? count : 0
        }
    }

    // MARK: Callbacks

    static func at(_ context: UnsafeMutableRawPointer?) -> CurlTransfer? {
        unsafe context.map { unsafe Unmanaged<CurlTransfer>.fromOpaque($0).takeUnretainedValue() }
    }

    private func takeHeader(_ bytes: UnsafeRawBufferPointer) {
        switch unsafe HTTPResponseLine(bytes) {
        case .status(let status):
            // A new status line (after 100 Continue) begins the response anew.
            let sends = response.sends
            response = HTTPResponse(status: status)
            response.sends = sends
        case .field(let name, let value): response.headers.add(name, value)
        case .other: break
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
