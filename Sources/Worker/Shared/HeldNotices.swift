import Formats
import Ledger
import Logging

/// Decides on notices that a crash, or a loss of the table, left waiting: sent by the host that did the event, dropped by every
/// other. While the table is out, they are sent.
struct HeldNotices: Sendable {
    let claims: EventClaims
    let clock: WorkerClock
    let logger: Logger
    /// Called when notices may be sent.
    let released: @Sendable () -> Void

    /// A run's own end decides sooner than this.
    private static let age: Duration = .seconds(15)
    private static let period: Duration = .seconds(5)

    /// Looks at once and every few seconds, until the task is cancelled. Without a table there is nothing to wait for, and one
    /// look sends what waits.
    func run() async {
        repeat {
            do {
                try await settle()
            } catch {
                logger.debug("held notices not read", metadata: ["error": "\(plainText("\(error)"))"])
            }
            guard claims.shared.isShared else { return }
        } while (try? await clock.sleep(Self.period)) != nil
    }

    /// Asks the table about each notice that waits, or with `age`, that has waited for so long.
    ///
    /// - Parameter tellsUnknown: False leaves what the table does not answer to the next start.
    func settle(age: Duration? = nil, tellsUnknown: Bool = true) async throws {
        let age = age ?? (claims.shared.isShared ? Self.age : .zero)
        let held = try await claims.writer.writeOnce { try $0.heldNotices(olderThan: age) }
        for notice in held {
            switch try await claims.shared.finish(notice.shared, notice.outcome) {
            case .unknown where !tellsUnknown: continue
            case .done, .unknown:
                try await claims.writer.writeOnce { try $0.releaseNotices(of: notice.eventID) }
                released()
            case .lost(isSettled: true):
                try await claims.writer.writeOnce { try $0.dropNotices(of: notice.eventID) }
                logger.notice(
                    "notice dropped, another host told it",
                    metadata: ["event.id": "\(plainText(notice.eventID))"]
                )
            case .lost(isSettled: false):
                continue
            }
        }
    }
}
