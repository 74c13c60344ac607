import Formats
import Ledger
import Logging

/// Decides on notices that wait for the shared table: sent by the host that did the event, dropped by every other.
///
/// The table says which host that is, so no notice goes out without its answer while it can be reached. A table that stays silent
/// holds a notice up for `patience`, and then it is sent: people are to be told, even at the risk that two hosts tell the same.
/// A host that was paused for longer than its leases, and that finds no table when it wakes up, runs that risk. `patience` counts
/// from the first silence that this process itself met, and from anew after a pause.
struct HeldNotices: Sendable {
    let claims: EventClaims
    let clock: WorkerClock
    let logger: Logger
    /// Called when notices may be sent.
    let released: @Sendable () -> Void

    /// A run's own end decides sooner than this.
    private static let age: Duration = .seconds(2)
    private static let period: Duration = .seconds(5)
    /// How long the table may be silent before notices go out without its answer.
    static let patience: Duration = .seconds(15)
    /// A round that comes later than this after the one before follows a pause of the process.
    private static let gap: Duration = .seconds(12)

    /// How long the table has been silent.
    struct Silence: Sendable {
        fileprivate var since: ContinuousClock.Instant?
        fileprivate var last: ContinuousClock.Instant?

        /// Takes that the table did not answer.
        ///
        /// - Returns: true once nobody is to wait for it any longer.
        fileprivate mutating func goesOn(at now: ContinuousClock.Instant) -> Bool {
            if let last, now - last > HeldNotices.gap { since = nil }
            last = now
            let start = since ?? now
            since = start
            return now - start >= HeldNotices.patience
        }
    }

    /// Looks at once and every few seconds, until the task is cancelled. Without a table there is nothing to wait for, and one
    /// look sends what waits.
    func run() async {
        guard claims.shared.isShared else { return await last(tellsUnknown: true) }
        var silence = Silence()
        repeat {
            await attempt { try await round(&silence) }
        } while (try? await clock.sleep(Self.period)) != nil
    }

    /// Asks the table about each notice that waits.
    func round(_ silence: inout Silence) async throws {
        let held = try await claims.writer.writeOnce { try $0.heldNotices(olderThan: Self.age) }
        guard !held.isEmpty else { return silence = Silence() }
        for notice in held {
            let ending = try await claims.shared.finish(notice.shared, notice.outcome, tells: true)
            if ending != .unknown { silence = Silence() }
            if ending == .unknown, !silence.goesOn(at: clock.instant()) { return }
            try await decide(on: notice, ending)
        }
    }

    /// Asks the table about each notice that waits, for the last time before this process ends.
    ///
    /// - Parameter tellsUnknown: False leaves what the table does not answer to the next start.
    func last(tellsUnknown: Bool) async {
        await attempt {
            for notice in try await claims.writer.writeOnce({ try $0.heldNotices(olderThan: .zero) }) {
                let ending = try await claims.shared.finish(notice.shared, notice.outcome, tells: true)
                if ending != .unknown || tellsUnknown { try await decide(on: notice, ending) }
            }
        }
    }

    private func decide(on notice: HeldNotice, _ ending: SharedEnding) async throws {
        switch ending {
        case .done, .unknown:
            try await claims.writer.writeOnce { try $0.releaseNotices(of: notice.eventID) }
            released()
        case .lost(isSettled: true):
            try await claims.writer.writeOnce { try $0.dropNotices(of: notice.eventID) }
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
