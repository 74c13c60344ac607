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
}
