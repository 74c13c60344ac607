import Foundation
import Testing

@testable import AWSClient

@Suite struct SigningKeyCacheTests {
    private func signer(secret: String, region: String, keys: SigningKeyCache?) -> SigV4Signer {
        SigV4Signer(
            credentials: Credentials(accessKeyID: "A", secretAccessKey: secret),
            region: region,
            service: "sqs",
            keys: keys
        )
    }

    @Test func `signs the same with a kept key, whatever was signed before`() throws {
        let cache = SigningKeyCache()
        let url = try #require(HTTPURL("https://sqs.eu-west-1.amazonaws.com/"))
        let request = HTTPRequest(method: "POST", url: url, headers: ["X": "y"], body: [1])
        let day: TimeInterval = 86_400
        for (secret, region, offset) in [
            ("s", "eu-west-1", 0.0), ("s", "eu-west-1", 1), ("t", "eu-west-1", 1), ("t", "us-east-1", 1),
            ("t", "us-east-1", day), ("s", "eu-west-1", 0),
        ] {
            let date = TestSystem.start + offset
            let kept = signer(secret: secret, region: region, keys: cache).sign(request, at: date)
            let fresh = signer(secret: secret, region: region, keys: nil).sign(request, at: date)
            #expect(kept.headers["Authorization"] == fresh.headers["Authorization"])
        }
    }
}
