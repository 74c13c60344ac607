import AWSClient
import Formats
import Foundation
import Ledger
import SecurityGroups
import Synchronization
import TestSupport
import Testing

@testable import Worker

/// A notice that cannot be sent or recorded is a line in the log, and is sent at another time.
@Suite struct NoticeTroubleTests {
    private struct Refusal: Error, CustomStringConvertible {
        let description = "no \u{1B}route"
    }

    /// A channel that never delivers.
    private struct BrokenChannel: NotificationChannel {
        let name = "broken"
        var hangs = false

        func deliver(_ notice: Notice) async throws {
            if hangs { try await Task.sleep(for: .seconds(3600)) }
            throw Refusal()
        }
    }

    private let time = VirtualTime()
    private let log = Log()

    /// Runs a notifier to the end of its wakes.
    private func run(
        _ channel: any NotificationChannel,
        _ test: TestLedger,
        ofBound bound: Duration = VirtualTime.endless
    )
        async throws
    {
        let notifier = Notifier(
            writer: try LedgerWriter(test.ledger),
            channels: { [channel] },
            backoff: Backoff(base: .seconds(2), cap: .seconds(300)) { 1 },
            clock: time.clock { [time] duration in
                try await time.sleep(duration == bound ? duration : VirtualTime.endless)
            },
            logger: log.logger
        )
        let (wakes, wake) = AsyncStream.makeStream(of: Void.self)
        wake.finish()
        await notifier.run(wakes: wakes)
    }

    private func ledger() async throws -> TestLedger {
        let test = try TestLedger(time)
        try await LedgerWriter(test.ledger).write { try $0.addNotice(id: "n1", kind: "outage", payload: [:]) }
        return test
    }

    @Test func `a delivery that fails is a warning with the channel and the cause, and is due again later`()
        async throws
    {
        let test = try await ledger()
        try await run(BrokenChannel(), test)
        let text = "notice not sent, will be tried again"
        #expect(log.texts == ["warning: \(text)"])
        #expect(log.value("notice.id", of: text) == "n1" && log.value("channel", of: text) == "broken")
        #expect(log.value("error", of: text)?.contains("route") == true)
        #expect(log.value("error", of: text)?.contains("\u{1B}") == false)
        func due() async throws -> [Int] {
            try await LedgerWriter(test.ledger).write {
                try $0.takeNotices(for: "broken", of: ["broken"], limit: 9, lease: .seconds(60)).map(\.attempt)
            }
        }
        #expect(try await due() == [])
        time.advance(.seconds(3))
        #expect(try await due() == [2])
    }

    @Test func `a delivery that hangs is given up after 45 seconds`() async throws {
        let test = try await ledger()
        let start = time.now
        try await run(BrokenChannel(hangs: true), test, ofBound: .seconds(45))
        #expect(time.now == start + 45)
        let text = "notice not sent, will be tried again"
        #expect(log.value("error", of: text) == "the delivery did not end within 45 s")
    }

    @Test func `an outbox that cannot be read is an error, and the notifier goes on`() async throws {
        let test = try await ledger()
        try test.execute("DROP TABLE notices")
        try await run(BrokenChannel(), test)
        #expect(Set(log.texts) == ["error: notices not read"])
    }

    @Test func `one task at a time sends by a channel, and looks again if there was more to send meanwhile`() {
        let busy = BusyChannels()
        #expect(busy.begin("a") && busy.begin("b"))
        #expect(!busy.begin("a"), "its task is told instead")
        #expect(busy.end("a"), "there is more")
        #expect(!busy.end("a") && !busy.end("b"))
        #expect(busy.begin("a"))
    }

    @Test func `a task that is cancelled ends although there is more to send`() async {
        let busy = BusyChannels()
        let task = Task {
            _ = busy.begin("a")
            _ = busy.begin("a")
            withUnsafeCurrentTask { $0?.cancel() }
            return busy.end("a")
        }
        #expect(await task.value == false)
        #expect(busy.begin("a"))
    }

    @Test func `each channel of the settings is there, and its name holds no secret`() throws {
        var options = WorkerOptions(queueURL: Name.queueURL, policy: .watching([]))
        options.topicARN = "arn:aws:sns:eu-west-1:111122223333:people"
        options.eventBus = "security"
        options.webhook = Webhook(url: "https://hooks.example/T0/secret?token=hidden")
        let session = try ScriptedAWS(time: time).session()
        let names = try ChannelList(options, session).current.map(\.name)
        #expect(names.prefix(2) == ["sns:arn:aws:sns:eu-west-1:111122223333:people", "eventbridge:security"])
        let webhook = try #require(names.last)
        #expect(names.count == 3 && webhook.hasPrefix("webhook:") && webhook.utf8.count == 24)
        #expect(!webhook.contains("secret") && !webhook.contains("hidden") && !webhook.contains("example"))
    }

    @Test func `two webhooks that differ in their query alone have names of their own, the same in every run`() throws {
        func name(_ url: String) throws -> String {
            let webhook = try #require(Webhook(url: url))
            return WebhookChannel(webhook, .text, ScriptedAWS(time: time)).name
        }
        #expect(try name("https://hooks.example/x?token=1") != name("https://hooks.example/x?token=2"))
        #expect(try name("https://hooks.example/x?token=1") == name("https://hooks.example/x?token=1"))
    }

    @Test func `a topic that cannot exist fails its own deliveries, and no other's`() async throws {
        let aws = ScriptedAWS(time: time)
        let notice = Notice(id: "n1", kind: "outage", payloads: ["{}"])
        await #expect(throws: AWSClientError.self) {
            try await SNSChannel("people", .text, try aws.session()).deliver(notice)
        }
        try await SNSChannel("arn:aws:sns:eu-west-1:111122223333:people", .json, try aws.session()).deliver(notice)
        #expect(aws.with { $0.published.map { $0["Message"] } } == [NoticeDocument(notice).text])
    }

    @Test func `events beyond what SNS takes are counted in the text`() throws {
        let reason = String(repeating: "x", count: 2000)
        let payloads = (1...2000).map { #"{"event_id":"e\#($0)","reason":"\#(reason)","rules":[]}"# }
        let text = try NoticeText(Notice(id: "e1:reverted", kind: "reverted", eventID: "e1", payloads: payloads))
        #expect(text.body.utf8.count < 256 * 1024)
        let shown = text.body.components(separatedBy: "\nEvent ").count - 1
        #expect(shown > 10 && text.body.contains("and \(2000 - shown) more."))
    }
}

/// Notices that wait for the table's word.
@Suite(.timeLimit(.minutes(10))) struct HeldNoticeTroubleTests {
    /// A ledger with a notice that waits for the answer of the table.
    private func held(_ fleet: Fleet) async throws {
        let claim = try await fleet.claim(by: fleet.one)
        _ = try #require(claim.shared)
        let result = RunResult(outcome: .reverted, notify: true)
        try await fleet.one.writer.write { try $0.finish(claim, with: result) }
        fleet.time.advance(.seconds(3))
    }

    private func notices(
        _ fleet: Fleet,
        _ log: Log = Log(),
        claims: EventClaims? = nil,
        released: Door = Door()
    ) -> HeldNotices {
        HeldNotices(claims: claims ?? fleet.one.claims, clock: fleet.time.endlessClock, logger: log.logger) {
            released.open()
        }
    }

    @Test func `at the start they are asked for at once`() async throws {
        let fleet = try Fleet()
        try await held(fleet)
        let released = Door()
        let held = notices(fleet, released: released)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await held.run() }
            await released.pass()
            group.cancelAll()
        }
        #expect(try await fleet.told(fleet.one) == ["\(Name.event):reverted"])
    }

    @Test func `without a table at this start, what waits is sent`() async throws {
        let fleet = try Fleet()
        try await held(fleet)
        let released = Door()
        await notices(fleet, claims: EventClaims(writer: fleet.one.writer), released: released).run()
        #expect(released.isOpen)
        #expect(try await fleet.told(fleet.one) == ["\(Name.event):reverted"])
    }

    @Test(arguments: [true, false])
    func `at the end, what the table does not answer is sent only by a worker that does not start again`(
        tellsUnknown: Bool
    ) async throws {
        let fleet = try Fleet()
        try await held(fleet)
        fleet.aws.with { $0.tables = [:] }
        await notices(fleet).last(tellsUnknown: tellsUnknown)
        #expect(try await fleet.told(fleet.one).isEmpty == !tellsUnknown)
    }

    @Test func `one that another host told is dropped, with a line that names the event`() async throws {
        let fleet = try Fleet(standing: [1])
        try await held(fleet)
        fleet.time.advance(WorkerOptions.lease + .seconds(6))
        #expect(try await fleet.two.process(fleet.two.message(fleet.record.json)) == .delete)
        let log = Log()
        await notices(fleet, log).last(tellsUnknown: true)
        #expect(log.value("event.id", of: "notice dropped, another host told it") == Name.event)
        #expect(try await fleet.told(fleet.one) == [])
    }

    @Test func `a ledger that cannot be read is a debug line, and is asked again`() async throws {
        let fleet = try Fleet()
        try await held(fleet)
        try fleet.one.test.execute("DROP TABLE notices")
        let log = Log()
        await notices(fleet, log).last(tellsUnknown: true)
        #expect(log.texts == ["debug: held notices not read"])
    }
}
