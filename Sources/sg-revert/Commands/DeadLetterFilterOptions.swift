import ArgumentParser
import Foundation
import Worker

/// Selects dead letters: those that match every value that is given.
struct DeadLetterFilterOptions: ParsableArguments {
    @Option(name: .customLong("event-id"), help: ArgumentHelp("The message with this event.", valueName: "id"))
    var eventID: String?

    @Option(help: ArgumentHelp("Messages about this security group.", valueName: "id"))
    var group: String?

    @Option(
        help: ArgumentHelp("Messages that failed for this reason.", valueName: "reason"),
        completion: .list(DeadLetterReason.allCases.map(\.rawValue))
    )
    var reason: String?

    @Option(name: .customLong("older-than"), help: ArgumentHelp("Messages sent before this time.", valueName: "time"))
    var olderThan: String?

    @Option(name: .customLong("newer-than"), help: ArgumentHelp("Messages sent after this time.", valueName: "time"))
    var newerThan: String?

    @Option(help: ArgumentHelp("At most so many messages.", valueName: "n"))
    var limit: Int?

    func validate() throws {
        guard limit ?? 1 > 0 else { throw ValidationError("--limit must be 1 or more") }
    }

    /// Makes the filter. A duration means that long before `now`.
    func filter(now: Date) throws -> DeadLetterFilter {
        DeadLetterFilter(
            eventID: eventID,
            groupID: group,
            reason: try reason.map { try choice($0, flag: "--reason") },
            before: try olderThan.map { try moment($0, flag: "--older-than", now: now) },
            after: try newerThan.map { try moment($0, flag: "--newer-than", now: now) },
            limit: limit
        )
    }
}
