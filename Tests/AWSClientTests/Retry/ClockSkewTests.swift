import Foundation
import Testing

@testable import AWSClient

@Suite struct ClockSkewTests {
    @Test(arguments: [
        ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777), ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Tue, 29 Feb 2028 23:59:59 GMT", 1_835_481_599), ("Fri, 15 Jan 2027 08:00:00 GMT", 1_800_000_000),
    ])
    func `reads the date of a response`(text: String, seconds: TimeInterval) {
        #expect(ClockSkew.parse(text) == Date(timeIntervalSince1970: seconds))
    }

    @Test(arguments: [
        "", "soon", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 06 Nov 1994 08:49:37 GMT x",
        "Sun, 06 November 1994 08:49:37 GMT", "Sun, 06 nov 1994 08:49:37 GMT", "Sun, x Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT", "2027-01-15T08:00:00Z",
    ])
    func `reads no other form`(text: String) {
        #expect(ClockSkew.parse(text) == nil)
    }

    @Test(arguments: [
        ("RequestExpired", 301.0, 301), ("AuthFailure", -301, -301), ("AuthFailure", 300.4, 300),
        ("SignatureDoesNotMatch", 300, nil), ("RequestInTheFuture", -299, nil), ("AccessDenied", 9000, nil),
    ])
    func `blames the clock only for a rejected signature and a difference that SigV4 does not allow`(
        code: String,
        lead: TimeInterval,
        expected: Int?
    ) {
        let server = "Fri, 15 Jan 2027 08:00:00 GMT"
        #expect(ClockSkew.lead(code: code, now: TestSystem.start + lead, serverDate: server) == expected)
        #expect(ClockSkew.lead(code: code, now: TestSystem.start + lead, serverDate: nil) == nil)
    }
}
