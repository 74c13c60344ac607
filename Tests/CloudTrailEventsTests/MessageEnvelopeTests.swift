import CloudTrailEvents
import TestSupport
import Testing

@Suite struct MessageEnvelopeTests {
    private static let record = CallRecord(response: ruleSet(answeredRule(#""cidrIpv4":"0.0.0.0/0""#)))

    @Test(arguments: [
        record.json, record.inEventBridge(), inSNS(record.json), inSNS(record.inEventBridge()),
        inSNS(inSNS(record.inEventBridge())),
        " \n\(record.json)\r\n",
    ])
    func `a record is found in every envelope`(body: String) {
        #expect(DecodedMessage(body: body).rules == ["ingress tcp 22 from 0.0.0.0/0"])
    }

    @Test func `a member named like a wrapping does not hide the record`() {
        var odd = Self.record
        odd.members = ["detail": "null", "Message": #""{}""#]
        #expect(DecodedMessage(body: odd.json).change != nil)
        let sent = Self.record.inEventBridge().replacing(#""version":"0""#, with: #""Message":"{}""#)
        #expect(DecodedMessage(body: sent).change != nil)
    }

    @Test func `notifications are unwrapped a few times only`() {
        var body = "{}"
        for _ in 0..<6 { body = inSNS(body) }
        let unreadable = DecodedMessage(body: body).unreadable
        #expect(unreadable?.reason == .undecodable)
        #expect(unreadable?.detail == "wrapped in more than 3 SNS notifications")
    }

    @Test(arguments: [
        "", " ", "hello", "{", #"{"a":1}x"#, "{'a':1}", #"{"a":01}"#, "\u{0}", inSNS("hello"), #"{"Message":""}"#,
    ])
    func `what is not JSON is said to be so`(body: String) {
        #expect(DecodedMessage(body: body).unreadable?.reason == .notJSON)
    }

    @Test func `an error says which text is meant and where it breaks`() {
        #expect(DecodedMessage(body: "{]").unreadable?.description == "not-json: the body: not JSON from byte 1 on")
        #expect(DecodedMessage(body: inSNS("{}x")).unreadable?.detail == "Message: not JSON from byte 2 on")
        #expect(DecodedMessage(body: "[]").unreadable?.detail == "the body: JSON, but not an object")
    }

    @Test(arguments: ["[]", "null", "7", #""text""#, "true", inSNS("[]"), #"{"detail":[]}"#, #"{"detail":"x"}"#])
    func `JSON without an object is undecodable`(body: String) {
        let unreadable = DecodedMessage(body: body).unreadable
        #expect(unreadable?.reason == .undecodable)
        #expect(unreadable?.event == nil)
    }

    @Test(arguments: [
        "{}", #"{"detail":{}}"#, #"{"detail":null}"#, #"{"Records":[]}"#, #"{"Message":7}"#,
        CallRecord(members: ["eventID": nil]).json, CallRecord(members: ["eventID": #""""#]).inEventBridge(),
        CallRecord(members: ["eventID": "7"]).json, CallRecord(members: ["eventID": "null"]).json,
    ])
    func `a record without an id has no event`(body: String) {
        #expect(DecodedMessage(body: body).unreadable?.reason == .noEventID)
    }
}
