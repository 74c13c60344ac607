import Formats
import Foundation

/// Reads an error in any of the protocols' forms.
///
/// The body decides on the form, not the service, because gateways and emulators answer JSON clients in XML.
enum ErrorDecoder {
    static func decode(_ response: HTTPResponse, service: String, operation: String) -> AWSServiceError {
        let found = fields(response)
        let header = response.headers["x-amzn-query-error"]?.split(separator: ";").first
        return AWSServiceError(
            service: service,
            operation: operation,
            code: found?.code.map(normalized) ?? AWSServiceError.unreadableResponse,
            legacyCode: header.map(String.init),
            message: found?.message ?? (found?.code == nil ? excerpt(response.body) : ""),
            statusCode: response.status,
            requestID: found?.requestID ?? response.requestID
        )
    }

    /// `com.amazonaws.sqs#QueueDoesNotExist:http://…` is `QueueDoesNotExist`.
    static func normalized(_ code: String) -> String {
        let name = code.prefix { $0 != ":" }
        return String(name.split(separator: "#").last ?? name)
    }

    private struct Fields {
        var code: String?
        var message: String?
        var requestID: String?
    }

    private static func fields(_ response: HTTPResponse) -> Fields? {
        switch response.body.first(where: { $0 > 0x20 }) {
        case UInt8(ascii: "<"): xmlFields(response.body)
        case UInt8(ascii: "{"): jsonFields(response)
        default: response.headers["x-amzn-errortype"].map { Fields(code: $0) }
        }
    }

    private static func jsonFields(_ response: HTTPResponse) -> Fields? {
        guard let body = try? JSONSerialization.jsonObject(with: Data(response.body)) as? [String: Any] else {
            return nil
        }
        func text(_ names: String...) -> String? {
            names.lazy.compactMap { body[$0] as? String }.first
        }
        return Fields(
            code: response.headers["x-amzn-errortype"] ?? text("__type", "code", "Code"),
            message: text("message", "Message", "errorMessage")
        )
    }

    /// The fields of EC2's `Response/Errors/Error` and of the query protocol's `ErrorResponse/Error`.
    private static func xmlFields(_ body: [UInt8]) -> Fields? {
        guard let root = try? XMLTree.parse(body), let error = root["Errors"]?["Error"] ?? root["Error"],
            let code = error.text("Code"), !code.isEmpty
        else { return nil }
        return Fields(
            code: code,
            message: error.text("Message"),
            requestID: root.text("RequestID") ?? root.text("RequestId")
        )
    }

    private static func excerpt(_ body: [UInt8]) -> String {
        let text = String(decoding: body.prefix(120), as: UTF8.self).trimmingWhitespace()
        return text.isEmpty
            ? "the body is empty" : "the body is not an AWS error and begins \(plainText(text, limit: 200))"
    }
}

extension HTTPResponse {
    /// The request id, in the spelling of any service.
    var requestID: String? {
        headers["x-amzn-requestid"] ?? headers["x-amz-request-id"]
    }
}
