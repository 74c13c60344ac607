import AWSClient
import ArgumentParser
import Foundation
import Worker

/// The options that name the table of the fleet, for commands that read or write in it.
struct FleetTableOptions: ParsableArguments {
    @OptionGroup var claims: ClaimsSettings
    @OptionGroup var aws: AWSOptions
    @OptionGroup var log: LogOptions

    /// The events in the table; nil where the setting names none.
    func events(_ settings: Settings, queueURL: String) async throws -> EventTable? {
        try await table(settings, queueURL: queueURL).map { EventTable(client: $0, name: $1) }
    }

    /// The temporary exemptions in the table; nil where the setting names none.
    func exemptions(_ settings: Settings) async throws -> ExemptionTable? {
        try await table(settings).map { ExemptionTable(client: $0, name: $1) { Date() } }
    }

    /// The approvals in the table; nil where the setting names none.
    func baseline(_ settings: Settings) async throws -> BaselineTable? {
        try await table(settings).map { BaselineTable(client: $0, name: $1) { Date() } }
    }

    /// The table's name and a client for it; nil where the setting names none, and then AWS is not asked for anything.
    private func table(_ settings: Settings, queueURL: String? = nil) async throws -> (DynamoDBClient, String)? {
        guard let name = try claims.table(settings) else { return nil }
        let session = try await aws.session(settings, logger: log.logger(settings))
        return try await callingAWS {
            // The table is in the queue's Region.
            let region = try settings.text(queueURL, .queueURL).map { try session.sqs(queueURL: $0).region }
            return (try session.dynamodb(region: region ?? session.region), name)
        }
    }
}
