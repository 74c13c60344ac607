import AWSClient
import Foundation
import TestSupport
import Testing

@testable import Worker

/// The time by AWS's clocks, on a host whose own clock is wrong.
@Suite struct AWSTimeTests {
    let time = VirtualTime()

    private func message(receives: Int, first: Double?) -> SQSMessage {
        var attributes = ["ApproximateReceiveCount": "\(receives)"]
        attributes["ApproximateFirstReceiveTimestamp"] = first.map { "\(Int64($0 * 1000))" }
        return SQSMessage(messageID: "m", receiptHandle: "h", body: "", systemAttributes: attributes)
    }

    private var seconds: Double { time.now.timeIntervalSince1970 }

    @Test func `without a word of SQS it is the time of the host`() {
        let found = AWSTime(clock: time.clock)
        found.note([message(receives: 1, first: nil)])
        #expect(found.now == time.now)
    }

    @Test(arguments: [-45.0, 45])
    func `the first receive of a message tells by how much the host is wrong`(error: Double) {
        let found = AWSTime(clock: time.clock)
        found.note([message(receives: 1, first: seconds - error)])
        #expect(found.now == time.now - error)
        time.advance(.seconds(100))
        #expect(found.now == time.now - error)
    }

    @Test func `a message that comes again was received first at some other time, and tells nothing`() {
        let found = AWSTime(clock: time.clock)
        found.note([message(receives: 2, first: seconds - 600)])
        #expect(found.now == time.now)
    }

    @Test func `a difference with which no request could be signed is not believed`() {
        let found = AWSTime(clock: time.clock)
        found.note([message(receives: 1, first: 0)])
        #expect(found.now == time.now)
    }
}
