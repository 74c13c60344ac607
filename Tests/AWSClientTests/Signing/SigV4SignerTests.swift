import Foundation
import Testing

@testable import AWSClient

/// Signatures that AWS documents, so that every machine checks some. `SigV4ConformanceTests` has AWS's whole suite.
@Suite struct SigV4SignerTests {
    private func signer(token: String? = nil, options: SigV4Signer.Options = .init()) -> SigV4Signer {
        SigV4Signer(
            credentials: Credentials(
                accessKeyID: "AKIDEXAMPLE",
                secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                sessionToken: token
            ),
            region: "us-east-1",
            service: "service",
            options: options
        )
    }

    private func request(
        method: String = "GET",
        _ url: String = "https://example.amazonaws.com/",
        headers: HTTPHeaders = [:],
        body: String = ""
    ) throws -> HTTPRequest {
        HTTPRequest(method: method, url: try #require(HTTPURL(url)), headers: headers, body: Array(body.utf8))
    }

    /// 2015-08-30T12:36:00Z, the time of AWS's test suite.
    private static let time = Date(timeIntervalSince1970: 1_440_938_160)

    @Test(arguments: [
        ("GET", "/", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("GET", "/?Param2=value2&Param1=value1", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
        ("POST", "/", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
    ])
    func `signs as AWS's test suite does`(method: String, target: String, signature: String) throws {
        let request = try request(method: method, "https://example.amazonaws.com\(target)")
        #expect(
            signer().sign(request, at: Self.time).headers["Authorization"]
                == "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                + "SignedHeaders=host;x-amz-date, Signature=\(signature)"
        )
    }

    @Test func `signs again for the next attempt, with nothing left of the first`() throws {
        let first = signer(token: "OLD").sign(try request(), at: Self.time)
        let again = signer().sign(first, at: Self.time + 60)
        #expect(again.headers["X-Amz-Security-Token"] == nil)
        #expect(again.headers.fields == signer().sign(try request(), at: Self.time + 60).headers.fields)
    }

    @Test func `signs the session's token, or adds it afterwards where a service asks for that`() throws {
        let signed = signer(token: "T").sign(try request(), at: Self.time).headers
        #expect(signed["X-Amz-Security-Token"] == "T")
        #expect(signed["Authorization"]?.contains("SignedHeaders=host;x-amz-date;x-amz-security-token,") == true)
        let added = signer(token: "T", options: .init(signsSessionToken: false)).sign(try request(), at: Self.time)
            .headers
        #expect(added["X-Amz-Security-Token"] == "T")
        #expect(added["Authorization"] == signer().sign(try request(), at: Self.time).headers["Authorization"])
    }

    @Test func `covers the body, every header and the host with its port`() throws {
        func signature(_ request: HTTPRequest) -> String? {
            signer().sign(request, at: Self.time).headers["Authorization"]
        }
        let plain = signature(try request())
        #expect(signature(try request(body: "x")) != plain)
        #expect(signature(try request(headers: ["X-A": "1"])) != plain)
        #expect(signature(try request("https://example.amazonaws.com:8443/")) != plain)
        // 443 is not written into the header.
        #expect(signature(try request("https://example.amazonaws.com:443/")) == plain)
    }
}
