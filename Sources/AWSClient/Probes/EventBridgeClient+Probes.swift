import Formats

extension EventBridgeClient {
    /// Asks whether the bus exists. The worker itself does not need this permission.
    package func probeBus(_ bus: String) async -> ProbeAnswer {
        await ProbeAnswer.of(expecting: []) {
            _ = try await client.json(
                AWSServiceClient.Call(
                    operation: "DescribeEventBus",
                    headers: [
                        "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "AWSEvents.DescribeEventBus",
                    ],
                    body: JSONWriter.object { $0.member("Name", bus) },
                    resource: AWSResource(.eventBus, bus)
                )
            )
        }
    }

    /// Asks whether events may be put on the bus, with one that EventBridge refuses: its detail is no JSON.
    package func probePut(on bus: String) async -> ProbeAnswer {
        await ProbeAnswer.of(expecting: []) {
            let event = EventBridgeEvent(source: "sg-revert", detailType: "sg-revert doctor", detail: "no JSON")
            let failure = try await putEvents([event], bus: bus)[0]
            if let failure, failure.code != "MalformedDetail" { throw failure }
        }
    }
}
