import Formats

/// Amazon EventBridge, in one event bus's Region.
package struct EventBridgeClient: Sendable {
    let client: AWSServiceClient

    /// Puts up to 10 events, 256 KiB in all, on a bus.
    ///
    /// Not idempotent: if the response is lost, a retry puts them twice. So the detail should carry an id.
    ///
    /// - Parameter bus: A name or an ARN; nil is the account's default bus.
    /// - Returns: For each event nil if it is on the bus, else its error.
    package func putEvents(_ events: [EventBridgeEvent], bus: String? = nil) async throws -> [BatchEntryFailure?] {
        guard !events.isEmpty else { return [] }
        let operation = "PutEvents"
        let answer = try await client.json(
            AWSServiceClient.Call(
                operation: operation,
                headers: ["Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "AWSEvents.\(operation)"],
                body: JSONWriter.object { writer in
                    writer.name("Entries")
                    writer.array { writer in
                        for event in events { event.write(to: &writer, bus: bus) }
                    }
                },
                resource: AWSResource(.eventBus, bus ?? "default")
            )
        )
        guard let entries = answer["Entries"]?.elements, entries.count == events.count else {
            throw client.unreadable(operation, "it does not account for each event")
        }
        return entries.map { entry in
            guard let code = entry["ErrorCode"]?.string else { return nil }
            // An event that is too large or malformed stays so. The other errors are EventBridge's own.
            let isOurs = !["InternalFailure", "InternalException", "ThrottlingException"].contains(code)
            return BatchEntryFailure(code: code, message: entry["ErrorMessage"]?.string ?? "", isSenderFault: isOurs)
        }
    }
}

/// An event to put on a bus.
package struct EventBridgeEvent: Hashable, Sendable {
    /// The source, such as `sg-revert`.
    package var source: String
    /// The kind of event.
    package var detailType: String
    /// The content, a JSON object.
    package var detail: String
    /// The ARNs that the event is about.
    package var resources: [String]

    /// Creates an event.
    package init(source: String, detailType: String, detail: String, resources: [String] = []) {
        self.source = source
        self.detailType = detailType
        self.detail = detail
        self.resources = resources
    }

    func write(to writer: inout JSONWriter, bus: String?) {
        writer.object { writer in
            writer.member("Source", source)
            writer.member("DetailType", detailType)
            writer.member("Detail", detail)
            writer.member("EventBusName", bus)
            if !resources.isEmpty {
                writer.name("Resources")
                writer.array(resources)
            }
        }
    }
}
