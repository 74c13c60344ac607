import CloudTrailEvents
import Foundation
import SecurityGroups
import Testing

private let conformance = ProcessInfo.processInfo.environment["SG_REVERT_CONFORMANCE_DIR"]

/// Records of real calls that others published. They are not part of this project; the suite runs where the variable
/// names the conformance data, beside which the folder `events` lies.
@Suite(.enabled(if: conformance != nil))
struct PublishedRecordsTests {
    private func read(_ name: String) throws -> String {
        let folder = URL(filePath: try #require(conformance)).deletingLastPathComponent().appending(path: "events")
        return try String(contentsOf: folder.appending(path: "\(name).json"), encoding: .utf8)
    }

    @Test(arguments: [
        ("stratus-red-team-1", ["ingress tcp 22 from 0.0.0.0/0"]),
        ("invictus-ir-1", ["egress all traffic to 0.0.0.0/0", "egress all traffic to ::/0"]),
        ("invictus-ir-2", ["ingress tcp 22 from 0.0.0.0/0"]),
        ("invictus-ir-5", ["ingress tcp 22 from 0.0.0.0/0"]),
        ("panther-analysis-3", ["ingress tcp 22 from 0.0.0.0/0"]),
        ("netflix-historical-1", ["ingress tcp 0-65535 from sg-4e386e31"]),
        ("reflex-1", ["ingress tcp 55 from 0.0.0.0/0", "ingress tcp 55 from ::/0"]),
    ])
    func `a record's rules are read`(name: String, rules: [String]) throws {
        let body = try read(name)
        #expect(DecodedMessage(body: body).rules == rules)
        #expect(DecodedMessage(body: #"{"detail":\#(body)}"#).rules == (body.contains(#""detail""#) ? nil : rules))
    }

    @Test(arguments: ["traildiscover-1", "invictus-ir-7"])
    func `a failed call is ignored`(name: String) throws {
        #expect(DecodedMessage(body: try read(name)).ignoreReason == .callFailed)
    }

    @Test func `a record of 2017 takes its account from the bus`() throws {
        let event = try #require(DecodedMessage(body: try read("netflix-historical-1")).event)
        #expect(event.account == "123456789010")
        #expect(event.actor.issuerARN == "arn:aws:iam::123456789010:role/test_admin")
        #expect(event.actor.sessionName == "joe@example.com")
    }
}
