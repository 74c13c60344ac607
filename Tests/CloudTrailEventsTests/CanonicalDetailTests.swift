import TestSupport
import Testing

@testable import CloudTrailEvents

@Suite struct CanonicalDetailTests {
    private func detail(_ body: String) throws -> String {
        String(decoding: try MessageEnvelope(body: body).record.canonicalBytes, as: UTF8.self)
    }

    @Test func `members are sorted, white space goes, numbers and text stay`() throws {
        let body = #"""
            { "eventSource" : "s3.amazonaws.com", "eventName": "x", "eventID": "e-1",
              "b": [ 1.50, -0, 1e2, true, null, { "z": {}, "a": [] } ], "B": "\u0061\/é\ud83d\ude00" }
            """#
        let expected =
            #"{"B":"a/é😀","b":[1.50,-0,1e2,true,null,{"a":[],"z":{}}],"eventID":"e-1","eventName":"x","#
            + #""eventSource":"s3.amazonaws.com"}"#
        #expect(try detail(body) == expected)
    }

    @Test func `strings are escaped where JSON asks for it and nowhere else`() throws {
        let body =
            #"{"eventID":"e-1","eventName":"x","eventSource":"y","#
            + #""text":"\"\\\b\f\n\r\t\u0000\u001F\u007f\u2028\u003c"}"#
        let expected =
            #"{"eventID":"e-1","eventName":"x","eventSource":"y","#
            + #""text":"\"\\\b\f\n\r\t\u0000\u001f"# + "\u{7F}\u{2028}<\"}"
        #expect(try detail(body) == expected)
    }

    @Test func `the wrapping is no part of it`() throws {
        let bare = try detail(CallRecord().json)
        #expect(try detail(CallRecord().inEventBridge()) == bare)
        #expect(try detail(inSNS(CallRecord().inEventBridge())) == bare)
    }

    @Test func `another text anywhere is another detail`() throws {
        let record = CallRecord()
        let other = CallRecord(members: ["userAgent": #""aws-cli/2.31.1""#])
        #expect(try detail(record.json) != detail(other.json))
    }

    @Test func `of members with one name the last is the value`() throws {
        let body = #"{"eventID":"e-0","x":1,"eventName":"x","eventSource":"y","x":2,"eventID":"e-1"}"#
        #expect(try detail(body) == #"{"eventID":"e-1","eventName":"x","eventSource":"y","x":2}"#)
    }

    @Test func `names are compared by their bytes`() throws {
        // The Kelvin sign is equal to K for Swift's strings.
        let body = #"{"eventID":"e-1","eventName":"x","eventSource":"y","K":1,"\u212A":2}"#
        #expect(
            try detail(body) == "{\"K\":1,\"eventID\":\"e-1\",\"eventName\":\"x\",\"eventSource\":\"y\",\"\u{212A}\":2}"
        )
    }
}
