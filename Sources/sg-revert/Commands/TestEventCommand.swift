import AWSClient
import ArgumentParser
import Formats
import Foundation
import Ledger
import Worker

struct TestEventCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test-event",
        abstract: "Send a harmless event through the real queue, and wait for its audit row.",
        discussion: """
            The event is the record of a call that EC2 does not have. The worker records it as "ignored: not-a-rule-change" \
            and deletes it; it makes no call to EC2 and tells nobody. Run it where the worker's ledger can be read, by \
            whoever may send to the queue. Exit 1 where no row comes in time.

            It reads the ledgers on this machine that --ledger names, and any host of the queue may take the event. With \
            --claims it also looks into the table that the hosts share, which says which worker took it and when.
            """
    )

    @Option(help: ArgumentHelp("How long to wait for the row: 90s, 5m.", valueName: "duration"))
    var timeout = "60s"

    @Option(.queueURL)
    var queueURL: String?

    @Option(.trustedSenders)
    var trustedSenders: [String] = []

    @OptionGroup var ledger: AuditLedgerOptions
    @OptionGroup var format: FormatOptions
    @OptionGroup var shared: FleetTableOptions
    @OptionGroup var config: ConfigOptions

    func validate() throws {
        _ = try bound()
    }

    func run() async throws {
        let settings = try config.settings()
        let url = try QueueOptions.queueURL(queueURL, settings)
        let trusted = try WorkerSettings.trustedSenders(trustedSenders, settings)
        let bound = try bound()
        let session = try await shared.aws.session(settings, logger: shared.log.logger(settings))
        let table = try await shared.events(settings, queueURL: url)
        try await callingAWS {
            // The ledgers are opened first, so that nothing is sent if no row can be seen.
            let readers = try ledger.readers(settings, orNone: table != nil)
            let watch = try TestEventWatch(readers, table: try await readable(table, isNeeded: readers.isEmpty))
            let sqs = try session.sqs(queueURL: url)
            if !trusted.isEmpty { await warn(ofSender: session, among: trusted) }
            show(try await journey(through: url, sqs, watch, bound), url)
        }
    }

    /// The table, if it can be read.
    private func readable(_ table: EventTable?, isNeeded: Bool) async throws -> EventTable? {
        do {
            _ = try await table?.ending(of: "test-event")
            return table
        } catch let error where !isNeeded {
            complain("warning: only the ledgers are looked at, not the table: \(errorText(error))")
            return nil
        }
    }

    /// Sends one event and waits for its end.
    private func journey(
        through url: String,
        _ sqs: SQSClient,
        _ watch: TestEventWatch,
        _ bound: Duration
    ) async throws -> TestEventJourney {
        let start = Date()
        let event = TestEvent(
            eventID: UUID().uuidString.lowercased(),
            queueURL: url,
            region: sqs.region.description,
            at: start
        )
        let messageID = try await naming(url, setting: "--queue-url") { try await event.send(to: url, by: sqs) }
        let sentAt = Date()
        let deadline = ContinuousClock.now + bound
        while ContinuousClock.now < deadline {
            switch try await watch.look(for: event, message: messageID) {
            case .ended(let ending):
                guard ending.isAsMeant else {
                    throw RunFailure(description: "the test event \(event.eventID) came out as \(ending.result)")
                }
                return TestEventJourney(
                    eventID: event.eventID,
                    messageID: messageID,
                    startedAt: start,
                    sentAt: sentAt,
                    ending: ending,
                    seenAt: Date()
                )
            case .buried(let reason):
                throw RunFailure(description: Self.burial(of: messageID, reason))
            case nil:
                try await Task.sleep(for: watch.pause)
            }
        }
        let silence = "no worker recorded the test event \(event.eventID) within \(timeout): "
        throw RunFailure(description: silence + Self.search(for: url, watch))
    }

    private static func search(for url: String, _ watch: TestEventWatch) -> String {
        "look whether a worker runs that has the queue \(url) and the ledger \(watch.places) (sg-revert health, "
            + "sg-revert doctor). Where several hosts poll the queue, another may have taken it: --claims shows that. "
            + "Otherwise the event is in the queue, and does no harm"
    }

    private static func burial(of messageID: String, _ reason: String) -> String {
        let advice =
            reason == DeadLetterReason.untrustedSender.rawValue
            ? "run test-event as a sender that the worker's --trusted-sender names, or add your SenderId to it"
            : "look at it with sg-revert dlq show \(messageID)"
        return
            "the worker put the test event's message \(messageID) into the dead-letter queue as \(plainText(reason)): "
            + "\(advice). sg-revert dlq discard --reason \(plainText(reason)) removes it"
    }

    /// Warns if the worker will not believe this sender. The SenderId is the user id of STS, up to the colon.
    private func warn(ofSender session: AWSSession, among trusted: Set<String>) async {
        guard let identity = try? await session.sts(region: session.region).getCallerIdentity() else { return }
        let id = String(identity.userID.prefix { $0 != ":" })
        guard !trusted.contains(id) else { return }
        complain(
            "the sender \(plainText(id)) is not one that --trusted-sender names: the worker may put the test event into the "
                + "dead-letter queue"
        )
    }

    private func show(_ journey: TestEventJourney, _ url: String) {
        switch format.format {
        case .table: StandardOutput.write(journey.lines(queue: url).map { $0 + "\n" }.joined())
        case .json, .jsonl, .csv: printWhole(journey.row, format: format.format)
        }
    }

    private func bound() throws -> Duration {
        try duration(timeout, flag: "--timeout")
    }
}
