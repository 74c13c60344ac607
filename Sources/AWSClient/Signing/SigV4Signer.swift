import Formats
import Foundation
import Hashing
import Synchronization

/// Signs requests with AWS Signature Version 4 in the `Authorization` header. It is a pure function: the time is passed
/// in, so that a wrong clock can be corrected.
struct SigV4Signer {
    let credentials: Credentials
    let region: String
    let service: String
    var options = Options()
    /// Keeps the signing key of a day. Without it, each signature derives the key again.
    var keys: SigningKeyCache?

    /// Options in which services differ. SQS, EC2, SNS and STS use the defaults.
    struct Options {
        /// Removes dot segments from the path before signing.
        var normalizesPath = true
        /// Also sends the hash of the body as `x-amz-content-sha256`.
        var sendsPayloadHash = false
        /// Signs the header of the session token. If false, the header is added after signing.
        var signsSessionToken = true
    }

    /// The intermediate texts, for finding out why a signature is wrong.
    struct Trace {
        let canonicalRequest: [UInt8]
        let stringToSign: String
        let signature: String
    }

    /// Returns `request` with the headers that authorise it. Earlier headers of the same names are replaced, so that a
    /// request can be signed again for the next attempt.
    func sign(_ request: HTTPRequest, at date: Date) -> HTTPRequest {
        var signed = request
        sign(&signed.headers, of: request, path: request.url.path, query: request.url.query, at: date)
        return signed
    }

    /// Signs `headers`. Path and query are separate, so that they need not form a valid URL.
    @discardableResult
    func sign(
        _ headers: inout HTTPHeaders,
        of request: HTTPRequest,
        path: String,
        query: String,
        at date: Date
    ) -> Trace {
        let timestamp = RFC3339.basic(date)
        let payloadHash = Digest.hex(Digest.sha256(request.body))
        headers["Authorization"] = nil
        headers["X-Amz-Date"] = timestamp
        headers["X-Amz-Security-Token"] = options.signsSessionToken ? credentials.sessionToken : nil
        if options.sendsPayloadHash { headers["x-amz-content-sha256"] = payloadHash }

        let canonical = CanonicalRequest(
            method: request.method,
            path: path,
            query: query,
            headers: headers.fields,
            host: headers["Host"] == nil ? request.url.authority : nil,
            payloadHash: payloadHash,
            normalizesPath: options.normalizesPath
        )

        let day = String(timestamp.prefix(8))
        let scope = "\(day)/\(region)/\(service)/aws4_request"
        let hash = Digest.hex(Digest.sha256(canonical.bytes))
        let stringToSign = "AWS4-HMAC-SHA256\n\(timestamp)\n\(scope)\n\(hash)"
        let key = keys?.key(for: self, day: day) ?? signingKey(day: day)
        let signature = Digest.hex(Digest.hmac(key: key, stringToSign.utf8))

        headers["Authorization"] =
            "AWS4-HMAC-SHA256 Credential=\(credentials.accessKeyID)/\(scope), "
            + "SignedHeaders=\(canonical.signedHeaders), Signature=\(signature)"
        if !options.signsSessionToken { headers["X-Amz-Security-Token"] = credentials.sessionToken }
        return Trace(canonicalRequest: canonical.bytes, stringToSign: stringToSign, signature: signature)
    }

    fileprivate func signingKey(day: String) -> [UInt8] {
        [day, region, service, "aws4_request"].reduce(Array("AWS4\(credentials.secretAccessKey)".utf8)) { key, part in
            Digest.hmac(key: key, part.utf8)
        }
    }
}

/// The signing key of the last secret and day, which all calls of a client share.
final class SigningKeyCache: Sendable {
    private struct Entry {
        let secret: String
        let scope: [String]
        let key: [UInt8]
    }

    private let last = Mutex<Entry?>(nil)

    fileprivate func key(for signer: SigV4Signer, day: String) -> [UInt8] {
        let (secret, scope) = (signer.credentials.secretAccessKey, [day, signer.region, signer.service])
        if let entry = last.withLock(\.self), entry.secret == secret, entry.scope == scope { return entry.key }
        let key = signer.signingKey(day: day)
        last.withLock { $0 = Entry(secret: secret, scope: scope, key: key) }
        return key
    }
}
