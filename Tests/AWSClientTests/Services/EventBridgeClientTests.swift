import Foundation
import Testing

@testable import AWSClient

@Suite struct EventBridgeClientTests {
    private let event = EventBridgeEvent(
        source: "sg-revert",
        detailType: "Security Group Reverted",
        detail: #"{"id":"1"}"#,
        resources: ["arn:r"]
    )

    @Test func `puts events on a bus and tells for each whether it is there`() async throws {
        let transport = ScriptedTransport([
            .answer(
                200,
                #"{"FailedEntryCount":2,"Entries":[{"EventId":"e"},{"ErrorCode":"InternalFailure","ErrorMessage":"m"},"#
                    + #"{"ErrorCode":"MalformedDetail"}]}"#
            )
        ])
        let client = try AWSSession.scripted(transport).eventBridge()
        let outcomes = try await client.putEvents([event, event, event], bus: "audit")
        #expect(
            outcomes == [
                nil, BatchEntryFailure(code: "InternalFailure", message: "m", isSenderFault: false),
                BatchEntryFailure(code: "MalformedDetail", message: "", isSenderFault: true),
            ]
        )
        let request = transport.requests[0]
        #expect(request.url.text == "https://events.eu-west-1.amazonaws.com/")
        #expect(request.headers["X-Amz-Target"] == "AWSEvents.PutEvents")
        #expect(request.headers["Content-Type"] == "application/x-amz-json-1.1")
        #expect(request.headers["Authorization"]?.contains("/eu-west-1/events/aws4_request") == true)
        let entry: [String: Any] = [
            "Source": "sg-revert", "DetailType": "Security Group Reverted", "Detail": #"{"id":"1"}"#,
            "EventBusName": "audit", "Resources": ["arn:r"],
        ]
        #expect(request.json == ["Entries": [entry, entry, entry]])
    }

    @Test func `does not take an answer that leaves events out`() async throws {
        let transport = ScriptedTransport([.answer(200, #"{"Entries":[]}"#)])
        let client = try AWSSession.scripted(transport).eventBridge()
        await #expect(throws: AWSClientError.self) { try await client.putEvents([event]) }
        #expect(try await client.putEvents([]).isEmpty)
        #expect(transport.requests.count == 1)
    }

    @Test func `puts events without resources on the account's own bus`() async throws {
        let transport = ScriptedTransport([.answer(200, #"{"Entries":[{"EventId":"e"}]}"#)])
        let client = try AWSSession.scripted(transport).eventBridge()
        let plain = EventBridgeEvent(source: "s", detailType: "d", detail: "{}")
        #expect(try await client.putEvents([plain]) == [nil])
        #expect(transport.requests[0].json == ["Entries": [["Source": "s", "DetailType": "d", "Detail": "{}"]]])
    }

    @Test(arguments: [
        ("InternalFailure", false), ("InternalException", false), ("ThrottlingException", false),
        ("NotAuthorizedForSourceException", true), ("InvalidArgument", true),
    ])
    func `tells an event that stays wrong from trouble of EventBridge's own`(code: String, isOurs: Bool) async throws {
        let transport = ScriptedTransport([.answer(200, #"{"Entries":[{"ErrorCode":"\#(code)"}]}"#)])
        let outcomes = try await AWSSession.scripted(transport).eventBridge().putEvents([event])
        #expect(outcomes.first??.isSenderFault == isOurs)
    }

    @Test(arguments: [("audit", "event bus audit"), (nil, "event bus default")])
    func `names the bus that does not exist`(bus: String?, name: String) async throws {
        let body = #"{"__type":"ResourceNotFoundException","message":"m"}"#
        let client = try AWSSession.scripted(ScriptedTransport([.answer(400, body)])).eventBridge()
        let error = await #expect(throws: AWSServiceError.self) { try await client.putEvents([event], bus: bus) }
        #expect(error?.description.hasPrefix("\(name) does not exist: check --event-bus") == true)
    }
}
