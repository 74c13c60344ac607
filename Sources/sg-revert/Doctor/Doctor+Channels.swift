import AWSClient
import Formats
import Worker

extension Doctor {
    /// Checks that the webhook's host is found and has a certificate that is believed. Nothing is posted.
    func webhook(_ session: AWSSession) async -> [Finding] {
        guard let webhook = setup.webhook else { return [] }
        do {
            let status = try await webhook.probe(by: session.transport)
            let signature = webhook.isSigned ? "signed" : "not signed; --webhook-secret-file signs"
            return [.ok("webhook", "\(webhook.redacted) answers (\(status) to OPTIONS); notices are \(signature)")]
        } catch {
            let fix = "correct --webhook-url; for a certificate of your own set AWS_CA_BUNDLE"
            return [.problem("webhook", "\(webhook.redacted): \(error)", fix: fix)]
        }
    }

    /// Checks that the event bus exists and takes events, with an event that EventBridge refuses.
    func eventBus(_ session: AWSSession) async -> [Finding] {
        guard let bus = setup.eventBus else { return [] }
        let events: EventBridgeClient
        do {
            events = try session.eventBridge(region: ARN(bus).flatMap { AWSRegion($0.region) })
        } catch {
            return [.problem("event-bus", "\(error)", fix: "set --event-bus to the name or ARN of a bus")]
        }
        switch await events.probeBus(bus) {
        case .missing(let error):
            let fix = "create the event bus, or correct --event-bus"
            return [.problem("event-bus", error, fix: fix)] + notTried(["events:PutEvents"], "there is no event bus")
        case .unusable(let error):
            return [.problem("event-bus", error, fix: Finding.unusableFix)]
                + notTried(["events:PutEvents"], "EventBridge cannot be used")
        case .allowed, .denied, .unclear: break
        }
        return [.ok("event-bus", bus), Finding.of(await events.probePut(on: bus), "events:PutEvents", on: bus)]
    }
}
