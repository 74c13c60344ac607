import AWSClient
import ArgumentParser
import Foundation
import Worker

/// The options that name the table of the fleet, for commands that read or write its exemptions.
struct ExemptionTableOptions: ParsableArguments {
    @OptionGroup var claims: ClaimsSettings
    @OptionGroup var aws: AWSOptions
    @OptionGroup var log: LogOptions

    /// The table; nil where the setting names none, and then AWS is not asked for anything.
    func table(_ settings: Settings) async throws -> ExemptionTable? {
        guard let name = try claims.table(settings) else { return nil }
        let session = try await aws.session(settings, logger: log.logger(settings))
        return try await callingAWS {
            // The table is in the queue's Region.
            let region = try settings.text(nil, .queueURL).map { try session.sqs(queueURL: $0).region }
            return ExemptionTable(client: try session.dynamodb(region: region ?? session.region), name: name) { Date() }
        }
    }
}
