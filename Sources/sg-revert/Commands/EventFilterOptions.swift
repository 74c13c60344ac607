import ArgumentParser
import Foundation
import Ledger
import SecurityGroups

/// Selects events: those that match every value that is given.
struct EventFilterOptions: ParsableArguments {
    @Option(name: .customLong("event-id"), help: ArgumentHelp("This event.", valueName: "id"))
    var eventID: String?

    @Option(help: ArgumentHelp("Events of this security group.", valueName: "id"))
    var group: String?

    @Option(help: ArgumentHelp("Events of this account.", valueName: "number"))
    var account: String?

    @Option(help: ArgumentHelp("Events of this Region.", valueName: "name"))
    var region: String?

    @Option(
        help: ArgumentHelp("Events by this ARN, of the caller or of the role behind the session.", valueName: "arn")
    )
    var actor: String?

    @Option(
        help: ArgumentHelp("Events with this outcome.", valueName: "outcome"),
        completion: .list(EventOutcome.allCases.map(\.rawValue))
    )
    var outcome: String?

    @Option(help: ArgumentHelp("Events from this time on.", valueName: "time"))
    var since: String?

    @Option(help: ArgumentHelp("Events before this time.", valueName: "time"))
    var until: String?

    /// Makes the filter. A duration means that long before `now`.
    func filter(now: Date) throws -> EventFilter {
        EventFilter(
            eventID: eventID,
            group: group,
            account: account,
            region: region,
            actor: actor,
            outcome: try outcome.map { try choice($0, flag: "--outcome") },
            since: try since.map { try moment($0, flag: "--since", now: now) },
            until: try until.map { try moment($0, flag: "--until", now: now) }
        )
    }
}
