import Formats
import Ledger
import Logging

/// Decides about notices that wait for the shared table. The host that did the event sends its notice; every other host drops it.
///
/// The table says which host did the event. While the table answers, no notice is sent without its answer. If the table does not
/// answer for the time of `patience`, the notice is sent, because people must be told. Two hosts may then tell the same, for
/// instance if a host was paused for longer than its leases and cannot reach the table when it wakes up. `patience` begins with
/// the first call of this process that the table did not answer. After a pause of the process it begins again.
///
/// A host that took the event over may never come to a final outcome. For instance, SQS moves the message to the dead-letter queue
/// after that host's failed run. So a notice is sent after the time of `longestWait`, whatever the table says.
struct HeldNotices: Sendable {
    let claims: EventClaims
    let clock: WorkerClock
    let logger: Logger
    /// Called when notices may be sent.
    let released: @Sendable () -> Void

    /// The least age of a notice. A younger one belongs to a run that is about to end in the table itself.
    private static let age: Duration = .seconds(2)
    private static let period: Duration = .seconds(5)
    /// The time without an answer of the table after which notices are sent without it.
    static let patience: Duration = .seconds(15)
    /// The time after which a notice is sent although the host that took the event over has come to no final outcome.
    static let longestWait: Duration = .seconds(15 * 60)
    /// The longest time between two rounds of a process that was not paused.
    private static let gap: Duration = .seconds(12)

    /// The time for which the table has not answered.
    struct Silence: Sendable {
        fileprivate var since: ContinuousClock.Instant?
        fileprivate var last: ContinuousClock.Instant?

        /// Notes that the table did not answer.
        ///
        /// - Returns: True if the time of `patience` is over.
        fileprivate mutating func goesOn(at now: ContinuousClock.Instant) -> Bool {
            if let last, now - last > HeldNotices.gap { since = nil }
            last = now
            let start = since ?? now
            since = start
            return now - start >= HeldNotices.patience
        }
    }

    /// Asks the table at once and then every few seconds, until the task is cancelled.
    ///
    /// Without a table, sends all waiting notices and returns.
    func run() async {
        guard claims.shared.isShared else { return await last(tellsUnknown: true) }
        var silence = Silence()
        repeat {
            await attempt { try await claims.tellUntold() }
            await attempt { try await round(&silence) }
        } while (try? await clock.sleep(toNext: Self.period)) != nil
    }

    /// Asks the table about each notice that waits.
    func round(_ silence: inout Silence) async throws {
        let (held, overdue) = try await claims.writer.writeOnce { transaction in
            try (transaction.heldNotices(olderThan: Self.age), transaction.heldNotices(olderThan: Self.longestWait))
        }
        guard !held.isEmpty else { return silence = Silence() }
        for notice in held {
            let ending = try await claims.shared.finish(notice.shared, notice.outcome, tells: true)
            if ending != .unknown { silence = Silence() }
            if ending == .unknown, !silence.goesOn(at: clock.instant()) { return }
            try await decide(on: notice, ending == .lost(isSettled: false) && overdue.contains(notice) ? .late : ending)
        }
    }

    /// Asks the table about each notice that waits, for the last time before this process ends.
    ///
    /// - Parameter tellsUnknown: False to keep notices about which the table does not answer for the next start.
    func last(tellsUnknown: Bool) async {
        await attempt { try await claims.tellUntold() }
        await attempt {
            for notice in try await claims.writer.writeOnce({ try $0.heldNotices(olderThan: .zero) }) {
                let ending = try await claims.shared.finish(notice.shared, notice.outcome, tells: true)
                if ending != .unknown || tellsUnknown { try await decide(on: notice, ending) }
            }
        }
    }

    private func decide(on notice: HeldNotice, _ ending: SharedEnding) async throws {
        switch ending {
        case .done, .unknown, .late:
            try await claims.writer.writeOnce { try $0.releaseNotices(of: notice.eventID, under: notice.shared) }
            released()
        case .lost(isSettled: true):
            try await claims.writer.writeOnce { try $0.dropNotices(of: notice.eventID, under: notice.shared) }
            logger.notice(
                "notice dropped, another host told it",
                metadata: ["event.id": "\(plainText(notice.eventID))"]
            )
        case .lost(isSettled: false): break
        }
    }

    private func attempt(_ body: () async throws -> Void) async {
        do {
            try await body()
        } catch {
            logger.debug("held notices not read", metadata: ["error": "\(plainText("\(error)"))"])
        }
    }
}
