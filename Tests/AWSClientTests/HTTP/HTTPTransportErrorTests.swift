import Testing

@testable import AWSClient

@Suite struct HTTPTransportErrorTests {
    @Test(arguments: [
        (
            HTTPTransportError.timedOut(host: "h", after: .seconds(30)), true,
            "no complete answer from h within 30.0 seconds"
        ),
        (.connectionFailed(host: "h", reason: "reset"), true, "cannot talk to h: reset; check the network, proxy"),
        (.responseTooLarge(host: "h", limit: 10), false, "the answer from h is larger than 10 bytes; check that"),
        (.refused(host: "h", reason: "it is http"), false, "a request to h was not sent: it is http"),
        (.cancelled, false, "the request was cancelled"), (.shutDown, false, "the HTTP transport is shut down"),
    ])
    func `says why no answer came, and whether another try may get one`(
        error: HTTPTransportError,
        isTransient: Bool,
        text: String
    ) {
        #expect(error.isTransient == isTransient)
        #expect(error.description.hasPrefix(text))
        let whole = AWSClientError.transport(service: "sqs", operation: "ReceiveMessage", error)
        #expect(whole.isTransient == isTransient)
        #expect(whole.description == "sqs ReceiveMessage: \(error)")
    }
}
