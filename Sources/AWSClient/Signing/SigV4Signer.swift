import Foundation
import Hashing

/// AWS Signature Version 4 in an `Authorization` header. A pure function of its inputs: the time is given, so that a
/// clock known to be wrong can be corrected.
struct SigV4Signer {
    let credentials: Credentials
    let region: String
    let service: String
    var options = Options()

    /// Where services differ from SQS, EC2, SNS and STS, which want the defaults.
    struct Options {
        /// Folds the path before signing.
        var normalizesPath = true
        /// Also sends the body's hash as `x-amz-content-sha256`.
        var sendsPayloadHash = false
        /// Signs the session token's header; else it is added after signing.
        var signsSessionToken = true
    }

    /// The intermediate texts, which tell where a wrong signature went wrong.
    struct Trace {
        let canonicalRequest: String
        let stringToSign: String
        let signature: String
    }

    /// `request` with the headers that authorise it. Old ones of the same names are replaced, so a request can be
    /// signed again for the next attempt.
    func sign(_ request: HTTPRequest, at date: Date) -> HTTPRequest {
        var signed = request
        sign(&signed.headers, of: request, path: request.url.path, query: request.url.query, at: date)
        return signed
    }

    /// Signs `headers`; path and query are separate so that they need not form a valid URL.
    @discardableResult
    func sign(
        _ headers: inout HTTPHeaders,
        of request: HTTPRequest,
        path: String,
        query: String,
        at date: Date
    ) -> Trace {
        let timestamp = Self.timestamp(date)
        let payloadHash = Digest.hex(Digest.sha256(request.body))
        headers["Authorization"] = nil
        headers["X-Amz-Date"] = timestamp
        headers["X-Amz-Security-Token"] = options.signsSessionToken ? credentials.sessionToken : nil
        if options.sendsPayloadHash { headers["x-amz-content-sha256"] = payloadHash }

        var signedFields = headers.fields.map { ($0.name, $0.value) }
        if headers["Host"] == nil { signedFields.append(("host", request.url.authority)) }
        let canonical = CanonicalRequest(
            method: request.method,
            path: path,
            query: query,
            headers: signedFields,
            payloadHash: payloadHash,
            normalizesPath: options.normalizesPath
        )

        let day = String(timestamp.prefix(8))
        let scope = "\(day)/\(region)/\(service)/aws4_request"
        let hash = Digest.hex(Digest.sha256(canonical.text.utf8))
        let stringToSign = "AWS4-HMAC-SHA256\n\(timestamp)\n\(scope)\n\(hash)"
        let signature = Digest.hex(Digest.hmac(key: signingKey(day: day), stringToSign.utf8))

        headers["Authorization"] =
            "AWS4-HMAC-SHA256 Credential=\(credentials.accessKeyID)/\(scope), "
            + "SignedHeaders=\(canonical.signedHeaders), Signature=\(signature)"
        if !options.signsSessionToken { headers["X-Amz-Security-Token"] = credentials.sessionToken }
        return Trace(canonicalRequest: canonical.text, stringToSign: stringToSign, signature: signature)
    }

    private func signingKey(day: String) -> [UInt8] {
        [day, region, service, "aws4_request"].reduce(Array("AWS4\(credentials.secretAccessKey)".utf8)) { key, part in
            Digest.hmac(key: key, part.utf8)
        }
    }

    /// `20150830T123600Z`
    static func timestamp(_ date: Date) -> String {
        date.formatted(
            Date.ISO8601FormatStyle(dateSeparator: .omitted, timeSeparator: .omitted, timeZone: .gmt)
        )
    }
}
