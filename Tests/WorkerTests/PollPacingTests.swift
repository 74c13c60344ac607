import AWSClient
import TestSupport
import Testing

@testable import Worker

/// A receiver asks no faster than it should.
@Suite struct PollPacingTests {
    private let cut = AWSClientError.transport(
        service: "sqs",
        operation: "ReceiveMessage",
        .connectionFailed(host: "h", reason: "reset")
    )

    @Test func `an empty answer that came too soon is followed by a growing pause, one in time by none`() {
        var pacing = PollPacing(wait: .seconds(20))
        let pauses = (1...9).map { _ in pacing.pause(afterEmpty: .milliseconds(1)) }
        #expect(pauses == pauses.sorted() && pauses[0] == .milliseconds(100) && pauses[8] == .seconds(5))
        #expect(pacing.pause(afterEmpty: .seconds(20)) == .zero)
        #expect(pacing.pause(afterEmpty: .milliseconds(1)) == .milliseconds(100))
        pacing.broughtMessages()
        #expect(pacing.pause(afterEmpty: .milliseconds(1)) == .milliseconds(100))
    }

    @Test func `polls without any wait come to one a second`() {
        var pacing = PollPacing(wait: .zero)
        let total = (1...20).reduce(Duration.zero) { sum, _ in sum + pacing.pause(afterEmpty: .milliseconds(2)) }
        #expect(total > .seconds(15))
        #expect(pacing.pause(afterEmpty: .milliseconds(2)) == .seconds(1))
    }

    @Test func `connections that are cut for their silence twice make the wait shorter than their silence`() {
        var pacing = PollPacing(wait: .seconds(20))
        #expect(pacing.note(cut, after: .seconds(5)) == .once)
        #expect(pacing.note(cut, after: .seconds(5)) == .shortened(.seconds(4)))
        #expect(pacing.wait == .seconds(4))
        #expect(pacing.pause(afterEmpty: .seconds(4)) == .zero)
    }

    @Test func `a poll that is never answered makes the wait shorter, until it is plain that nobody is there`() {
        let silent = AWSClientError.transport(
            service: "sqs",
            operation: "ReceiveMessage",
            .timedOut(host: "h", after: .seconds(30))
        )
        var pacing = PollPacing(wait: .seconds(20))
        #expect(pacing.note(silent, after: .seconds(30)) == .shortened(.seconds(5)))
        #expect(pacing.note(silent, after: .seconds(15)) == .shortened(.seconds(1)))
        #expect(pacing.wait == .seconds(1))
        #expect(pacing.note(silent, after: .seconds(11)) == .none)
        #expect(pacing.wait == .seconds(20))
    }

    @Test func `a connection that fails at once says nothing of silence, nor does one failure between answers`() {
        var pacing = PollPacing(wait: .seconds(20))
        #expect(pacing.note(cut, after: .milliseconds(3)) == .none)
        #expect(pacing.note(AWSClientError.missingRegion, after: .seconds(5)) == .none)
        #expect(pacing.note(cut, after: .seconds(5)) == .once)
        _ = pacing.pause(afterEmpty: .seconds(20))
        #expect(pacing.note(cut, after: .seconds(5)) == .once)
    }

    @Test func `after a response that was too large, polls bring fewer messages for a while`() {
        var pacing = PollPacing(wait: .seconds(20))
        #expect(pacing.batch == 10)
        let tooLarge = AWSClientError.transport(
            service: "sqs",
            operation: "ReceiveMessage",
            .responseTooLarge(host: "sqs", limit: 16 << 20)
        )
        #expect(pacing.note(tooLarge, after: .seconds(1)) == .fewer)
        #expect(pacing.batch == 2)
        // Two messages that are still too large are none of SQS's.
        #expect(pacing.note(tooLarge, after: .seconds(1)) == .none)
        for _ in 0..<99 { pacing.broughtMessages() }
        #expect(pacing.batch == 2)
        pacing.broughtMessages()
        #expect(pacing.batch == 10)
    }
}
