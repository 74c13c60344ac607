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

    @Test(arguments: [0, 951_782_399, 951_782_400, 1_709_164_800, 4_102_444_799])
    func `writes the time as Foundation does`(seconds: Int) {
        for offset in [0, 1, 59, 3_599, 86_399, 86_400, 31_536_000] {
            let date = Date(timeIntervalSince1970: Double(seconds + offset) + 0.999)
            let expected = date.formatted(
                Date.ISO8601FormatStyle(dateSeparator: .omitted, timeSeparator: .omitted, timeZone: .gmt)
            )
            #expect(SigV4Signer.timestamp(date) == expected)
        }
    }

    @Test func `writes times before 1970, which a wrong clock may show`() {
        #expect(SigV4Signer.timestamp(Date(timeIntervalSince1970: -1)) == "19691231T235959Z")
    }
}
